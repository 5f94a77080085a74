// A file that gets its name only when it is whole and on the disk: until then it is written under another name beside
// it, which the next attempt takes over when a crash left it there.
#pragma once

#include <string>

namespace appcreate::sqlite {

class NewFile {
  public:
    // Makes the file NAME.part, empty, mode 0600. Throws Failure: AC_EEXISTS when NAME is taken and `replace` is not
    // set, AC_EINVAL when side files of a database lie beside NAME, which would be believed to be the new file's.
    NewFile(std::string name, bool replace);
    NewFile(const NewFile &) = delete;
    NewFile &operator=(const NewFile &) = delete;
    // Takes the file away unless it was published.
    ~NewFile();

    // Where it is written. Its connections are closed before this object ends.
    [[nodiscard]] const std::string &path() const noexcept { return part_; }
    [[nodiscard]] const std::string &name() const noexcept { return name_; }

    // What was written so far gets to the disk. Throws Failure.
    void sync() const;
    // Syncs it, gives it its name and syncs the directory. Throws Failure, AC_EEXISTS as above.
    void publish();
    // What was published is of no use.
    void withdraw() const noexcept;
    // The same under another name, which is replaced.
    void publish_as(const std::string &name);

  private:
    void lock();
    void remove_side_files() const noexcept;

    const std::string name_, part_;
    const bool replace_;
    int fd_ = -1;
    bool is_published_ = false;
};

// Syncs the directory of `path`, so that the names in it survive a loss of power. Throws Failure.
void sync_directory(const std::string &path);

}  // namespace appcreate::sqlite
