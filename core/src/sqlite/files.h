// The store's files as names: making the first one, and telling whether they are still the ones that were opened.
// Nothing here opens a file that SQLite has open: closing it again would drop all locks that the process holds on it.
#pragma once

#include <sys/types.h>

#include <string>

namespace appcreate::sqlite {

// Makes an empty file (mode 0640) when there is none. What root makes belongs to the directory's owner; SQLite gives
// its side files the same owner and mode. Throws Failure.
void make_file(const std::string &path);

// Which files the names stood for.
class FileIdentity {
  public:
    // As they are now.
    explicit FileIdentity(const std::string &path);

    // Does any of the names stand for another file now, or for none?
    [[nodiscard]] bool has_changed() const;

    // When the database file was replaced alone: takes the old one's log and index away, which would be believed to
    // be the new one's.
    void remove_stale_side_files() const;

  private:
    struct Id {
        dev_t device = 0;
        ino_t inode = 0;
        friend bool operator==(const Id &, const Id &) = default;
    };
    static Id of(const std::string &path);

    std::string path_;
    Id database_, log_, index_;
};

}  // namespace appcreate::sqlite
