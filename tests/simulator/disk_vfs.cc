#include "tests/simulator/disk_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tests/simulator/disk.h"

namespace dray::sim {

// SQLite's table of functions for files, each of which finds its disk through the open file.
struct DiskVfs {
  struct Open {
    sqlite3_file base{};
    Disk* disk = nullptr;
    std::string name;
    std::shared_ptr<DiskFile> file;
    std::shared_ptr<Disk::Shared> shared;
    uint64_t life = 0;
    bool is_database = false;
    bool dead() const { return disk->life_ != life; }
  };
  static Disk* mounted;

  static Open& of(sqlite3_file* file) { return *reinterpret_cast<Open*>(file); }
  static Disk& disk() { return *mounted; }

  // ── One file ──
  static int close(sqlite3_file* file) {
    of(file).~Open();
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    const Open& open = of(file);
    if (open.dead()) return SQLITE_IOERR_READ;
    const std::vector<uint8_t>& content = open.file->content;
    const size_t begin = std::min(static_cast<size_t>(at), content.size());
    const size_t there = std::min(static_cast<size_t>(size), content.size() - begin);
    std::memset(to, 0, static_cast<size_t>(size));
    if (there > 0) std::memcpy(to, content.data() + begin, there);
    return there == static_cast<size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    const Open& open = of(file);
    if (open.dead()) return SQLITE_IOERR_WRITE;
    return open.disk->write(*open.file, static_cast<const uint8_t*>(from),
                            static_cast<size_t>(size), static_cast<size_t>(at));
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const Open& open = of(file);
    if (open.dead()) return SQLITE_IOERR_TRUNCATE;
    open.file->content.resize(static_cast<size_t>(size));
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    const Open& open = of(file);
    if (open.dead()) return SQLITE_IOERR_FSYNC;
    if (open.is_database) ++open.disk->database_syncs_;
    return open.disk->sync(*open.file);
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    if (of(file).dead()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(of(file).file->content.size());
    return SQLITE_OK;
  }
  // One process has the database open at a time, with one connection: the product's lock file.
  static int lock(sqlite3_file* file, int) {
    return of(file).dead() ? SQLITE_IOERR_LOCK : SQLITE_OK;
  }
  static int unlock(sqlite3_file*, int) { return SQLITE_OK; }
  static int reserved(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int map_shared(sqlite3_file* file, int region, int size, int extend,
                        void volatile** memory) {
    Open& open = of(file);
    *memory = nullptr;
    if (open.dead()) return SQLITE_IOERR_SHMMAP;
    if (!open.shared) {
      std::shared_ptr<Disk::Shared>& shared = open.disk->shared_[open.name];
      if (!shared) shared = std::make_shared<Disk::Shared>();
      open.shared = shared;
    }
    Disk::Shared& regions = *open.shared;
    const auto wanted = static_cast<size_t>(region);
    while (extend != 0 && regions.size() <= wanted)
      regions.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
    if (wanted < regions.size()) *memory = regions[wanted].get();
    return SQLITE_OK;
  }
  static int lock_shared(sqlite3_file* file, int, int, int) {
    return of(file).dead() ? SQLITE_IOERR_SHMLOCK : SQLITE_OK;
  }
  static void barrier(sqlite3_file*) {}
  static int unmap_shared(sqlite3_file* file, int remove) {
    Open& open = of(file);
    if (remove != 0 && !open.dead()) open.disk->shared_.erase(open.name);
    open.shared.reset();
    return SQLITE_OK;
  }

  // ── All files ──
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods kMethods = {2,
                                                close,
                                                read,
                                                write,
                                                truncate,
                                                sync,
                                                file_size,
                                                lock,
                                                unlock,
                                                reserved,
                                                control,
                                                sector_size,
                                                characteristics,
                                                map_shared,
                                                lock_shared,
                                                barrier,
                                                unmap_shared,
                                                nullptr,
                                                nullptr};
    file->pMethods = nullptr;
    const std::string path = name == nullptr ? "" : name;
    std::shared_ptr<DiskFile> found = path.empty() ? nullptr : disk().find(path);
    if (!found) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      found = std::make_shared<DiskFile>();
      if (!path.empty()) disk().files_[path] = found;
    }
    Open* opened = new (file) Open();
    opened->base.pMethods = &kMethods;
    opened->disk = &disk();
    opened->name = path;
    opened->file = std::move(found);
    opened->life = disk().life_;
    opened->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync_directory) {
    const auto found = disk().files_.find(name);
    if (found == disk().files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (sync_directory == 0 && found->second->listed) disk().unlinked_[name] = found->second;
    disk().files_.erase(found);
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs*, const char* name, int, int* result) {
    const std::shared_ptr<DiskFile> file = disk().find(name);
    *result = file && !file->content.empty() ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }
  // SQLite asks once per process: of no world, or the first one would replay differently.
  static int randomness(sqlite3_vfs*, int size, char* out) {
    static Random random(1);
    for (int i = 0; i < size; ++i)
      out[i] = static_cast<char>(random.next());
    return size;
  }
  static int wait_us(sqlite3_vfs*, int us) { return us; }
  // Nothing that is stored depends on SQLite's own idea of the time.
  static int time_ms(sqlite3_vfs*, sqlite3_int64* julian_ms) {
    *julian_ms = 0;
    return SQLITE_OK;
  }
  static int time_days(sqlite3_vfs*, double* julian_days) {
    *julian_days = 0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

Disk* DiskVfs::mounted = nullptr;

void mount(Disk* disk) {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs v{};
    v.iVersion = 2;
    v.szOsFile = sizeof(DiskVfs::Open);
    v.mxPathname = 512;
    v.zName = "simulated";
    v.xOpen = DiskVfs::open;
    v.xDelete = DiskVfs::remove;
    v.xAccess = DiskVfs::access;
    v.xFullPathname = DiskVfs::full_path;
    v.xRandomness = DiskVfs::randomness;
    v.xSleep = DiskVfs::wait_us;
    v.xCurrentTime = DiskVfs::time_days;
    v.xGetLastError = DiskVfs::last_error;
    v.xCurrentTimeInt64 = DiskVfs::time_ms;
    return v;
  }();
  if (DiskVfs::mounted == nullptr) sqlite3_vfs_register(&vfs, 1);
  DiskVfs::mounted = disk;
}

}  // namespace dray::sim
