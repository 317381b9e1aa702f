// A stand-in for rclone that does what a script says. "fake-rclone sync src:/path/of/script
// dst:..." obeys the lines of that file in order:
//
//   journal FILE          append "start PID" now and "stop PID" at the end, under a lock
//   stats DONE TOTAL      a stats record: so many bytes of so many, one file on its way
//   final N               the last stats record of a good run of N files
//   line TEXT             one raw line on standard error
//   flood BYTES           records until so many bytes are written
//   long BYTES            one line of so many bytes
//   invalid               a line that is not UTF-8
//   dump-args FILE        what it was started with, one argument a line
//   dump-env FILE         its environment, one variable a line
//   on-term ignore | exit N
//   grandchild FILE       leave a process behind, in a session of its own, that holds standard
//                         error; its pid goes to FILE
//   touch FILE            make a file: "I got here"
//   wait                  for ever, until a signal ends it
//   await FILE            until that file exists
//   spy PATH              one line: can it be opened for reading?
//   make PATH             one line: can a file be made there?
//   processes             one line: how many processes can be seen
//   eat BYTES             one line: does it get so much memory to write to?
//   exit N | signal N
//
// "fake-rclone version" answers like rclone 1.60.1 that knows folders only; "lsjson" lists nothing,
// "check" finds nothing to complain about, "copyto" succeeds, "about" cannot tell.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

extern char** environ;

namespace {

constexpr int kPollMs = 5;
int g_term_exit_code = 0;

void exit_on_term(int) {
  _exit(g_term_exit_code);
}

void put(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (wrote <= 0) _exit(99);
    done += static_cast<size_t>(wrote);
  }
}

void append_locked(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  flock(fd, LOCK_EX);
  [[maybe_unused]] const ssize_t wrote = write(fd, text.data(), text.size());
  close(fd);
}

void write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::ofstream(temporary) << text;
  rename(temporary.c_str(), path.c_str());
}

void tell(const std::string& verb, const std::string& what, bool done) {
  put(verb + " " + what + ": " + (done ? "yes" : "no, " + std::string(strerror(errno))) + "\n");
}

int count_processes() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    count += isdigit(static_cast<unsigned char>(entry.path().filename().c_str()[0])) ? 1 : 0;
  return count;
}

std::string stats(const std::string& done, const std::string& total, bool running) {
  const std::string file =
      R"([{"bytes":)" + done + R"(,"name":"file","percentage":10,"size":)" + total + "}]";
  return R"({"level":"warning","msg":"\nTransferred:","source":"x","stats":{"bytes":)" + done +
         R"(,"checks":1,"deletes":0,"elapsedTime":1.0,"errors":0,"eta":null,"fatalError":false,)"
         R"("renames":0,"retryError":false,"speed":1.0,"totalBytes":)" +
         total + R"(,"totalChecks":1,"totalTransfers":1,"transfers":)" + (running ? "0" : "1") +
         (running ? R"(,"transferring":)" + file : "") +
         R"(},"time":"2026-11-20T05:47:03.33195+00:00"})" + "\n";
}

[[noreturn]] void wait_for_ever() {
  for (;;)
    pause();
}

void leave_grandchild(const std::string& path) {
  if (fork() != 0) return;
  setsid();
  signal(SIGTERM, SIG_IGN);
  if (fork() != 0) _exit(0);
  write_file(path, std::to_string(getpid()));
  wait_for_ever();
}

void await(const std::string& path) {
  while (access(path.c_str(), F_OK) != 0)
    poll(nullptr, 0, kPollMs);
}

void on_term(const std::string& what, int code) {
  g_term_exit_code = code;
  if (what == "ignore") {
    signal(SIGTERM, SIG_IGN);
  } else {
    signal(SIGTERM, exit_on_term);
  }
}

std::string joined(char** list) {
  std::string text;
  for (; *list != nullptr; ++list)
    text += std::string(*list) + "\n";
  return text;
}

std::string g_journal;

[[noreturn]] void leave(int code) {
  if (!g_journal.empty()) append_locked(g_journal, "stop " + std::to_string(getpid()) + "\n");
  _exit(code);
}

void obey(const std::string& line, char** argv) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  std::string first;
  std::string second;
  words >> first >> second;
  const std::string rest = line.size() > verb.size() ? line.substr(verb.size() + 1) : "";
  if (verb == "journal") {
    g_journal = first;
    append_locked(g_journal, "start " + std::to_string(getpid()) + "\n");
  } else if (verb == "stats") {
    put(stats(first, second, true));
  } else if (verb == "final") {
    put(stats(first, first, false));
  } else if (verb == "line") {
    put(rest + "\n");
  } else if (verb == "flood") {
    const std::string record =
        R"J({"level":"info","msg":"Copied (new)","object":"a/b","time":"t"})J"
        "\n";
    for (size_t left = std::stoull(first); left > record.size(); left -= record.size())
      put(record);
  } else if (verb == "long") {
    const std::string block(64 << 10, 'x');
    for (size_t left = std::stoull(first); left > 0; left -= std::min(left, block.size()))
      put(block.substr(0, std::min(left, block.size())));
    put("\n");
  } else if (verb == "invalid") {
    put("{\"level\":\"info\",\"msg\":\"\xff\xfe\x80\",\"object\":\"\xc3\x28\"}\n\xf0\x28\n");
  } else if (verb == "dump-args") {
    write_file(first, joined(argv));
  } else if (verb == "dump-env") {
    write_file(first, joined(environ));
  } else if (verb == "on-term") {
    on_term(first, second.empty() ? 0 : std::stoi(second));
  } else if (verb == "grandchild") {
    leave_grandchild(first);
    await(first);
  } else if (verb == "spy") {
    tell(verb, rest, open(rest.c_str(), O_RDONLY | O_CLOEXEC) >= 0);
  } else if (verb == "make") {
    tell(verb, rest, open(rest.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
  } else if (verb == "processes") {
    put("processes " + std::to_string(count_processes()) + "\n");
  } else if (verb == "eat") {
    void* memory = mmap(nullptr, std::stoull(first), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell(verb, first, memory != MAP_FAILED);
  } else if (verb == "touch") {
    write_file(first, "");
  } else if (verb == "wait") {
    wait_for_ever();
  } else if (verb == "await") {
    await(first);
  } else if (verb == "exit") {
    leave(std::stoi(first));
  } else if (verb == "signal") {
    // A sanitizer's handler would turn the signal into an exit.
    signal(std::stoi(first), SIG_DFL);
    raise(std::stoi(first));
  } else if (!verb.empty()) {
    put("fake-rclone: unknown line: " + line + "\n");
    leave(98);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "version") {
    std::cout << "rclone v1.60.1-DEV\n- os/version: fake\n";
    return 0;
  }
  if (command == "config") {
    std::cout << R"([{"Name":"local","Description":"A folder","Prefix":"local","Options":[]}])"
              << "\n";
    return 0;
  }
  // The steps around a transfer find nothing, which is nothing to complain about.
  if (command == "lsjson") {
    std::cout << "[\n]\n";
    return 0;
  }
  if (command == "about") return 1;
  if (command == "check" || command == "copyto") return 0;
  const std::string source = argc > 2 ? argv[2] : "";
  std::ifstream script(source.substr(source.find(':') + 1));
  if (!script) {
    std::cerr << "fake-rclone: no script at " << source << "\n";
    return 97;
  }
  std::string line;
  while (std::getline(script, line))
    obey(line, argv);
  leave(0);
}
