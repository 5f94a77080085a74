// Copies a database page by page, by SQLite's backup interface.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "sqlite/file/connection.h"
#include "sqlite/file/new_file.h"

namespace appcreate::sqlite {

class PageCopy {
  public:
    // Contacts neither. `source` shows one moment all along when it has a transaction open; otherwise what others write
    // into it makes the copy start again. `target` has none open. Both outlive this.
    PageCopy(sqlite3 *source, const Connection &target);

    // Copies at most `pages`, none with 0; the first call takes the target's write lock, which is kept until the end.
    // False: everything is copied and committed. Throws Error; nothing of it is in the target then.
    bool step(int pages);
    // In pages, after the first step.
    [[nodiscard]] std::uint64_t total() const noexcept;
    [[nodiscard]] std::uint64_t left() const noexcept;

  private:
    struct Finish {
        void operator()(sqlite3_backup *backup) const noexcept { sqlite3_backup_finish(backup); }
    };
    std::unique_ptr<sqlite3_backup, Finish> backup_;
};

enum class Pace {
    kPolite,  // leaves the disk to others for as long as it uses it
    kFull,
};

// Told of so many steps of about so many. May throw, which ends the work.
using Tell = std::function<void(std::uint64_t done, std::uint64_t total)>;

// A database in a new file, which nobody else opens and which needs no other file beside it.
class NewDatabase {
  public:
    explicit NewDatabase(const NewFile &file);

    // Throws Error and Failure.
    void fill(sqlite3 *source, Pace pace, const Tell &tell) const;
    // Rewrites it where its pages have another size.
    void set_page_size(std::int64_t bytes) const;
    [[nodiscard]] const Connection &connection() const noexcept { return connection_; }

  private:
    const NewFile &file_;
    Connection connection_;
};

}  // namespace appcreate::sqlite
