// Options of sanitizer builds, inside the programs so that every process has them, however it is
// started.

#if defined(__SANITIZE_THREAD__)

// Debian's libzmq is not instrumented: what its I/O thread hands over through its own lock-free
// queues would look like a race. Accesses made from such libraries are left out; all of our own
// code is instrumented.
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1";
}

#elif defined(__SANITIZE_ADDRESS__)

// libarchive 3.6 does not close the filters of an archive whose writing failed, and so forgets the
// buffer of the last one.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libarchive.so";
}
extern "C" const char* __lsan_default_options() {
  return "print_suppressions=0";
}

#endif
