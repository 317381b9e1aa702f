// Options of ThreadSanitizer builds, inside the programs so that every process has them, however it is
// started.

#if defined(__SANITIZE_THREAD__)

// Debian's libzmq is not instrumented: what its I/O thread hands over through its own lock-free
// queues would look like a race. Accesses made from such libraries are left out; all of our own code
// is instrumented.
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1";
}

#endif
