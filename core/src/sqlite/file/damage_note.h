// That a store's file is damaged, as those who serve find out, kept beside it as NAME.damaged: whoever serves next
// would take from the file and write to it until the damage is met again.
#pragma once

#include <string>

namespace appcreate::sqlite {

class DamageNote {
  public:
    // As it is beside `real_path` now.
    explicit DamageNote(const std::string &real_path);

    // Is there one?
    [[nodiscard]] bool exists() const noexcept { return exists_; }
    // Is there one of the file that lies there now? One that cannot be read, or was not written to its end, counts: the
    // file is looked through then.
    [[nodiscard]] bool is_of_file() const noexcept { return is_of_file_; }
    // Takes it away, unless another has been written since it was read.
    void remove() const noexcept;

    // Where it lies.
    static std::string path_of(const std::string &real_path) { return real_path + ".damaged"; }
    // Of the file that lies there now; on the disk when it returns true. False: it cannot be written at present.
    static bool write(const std::string &real_path) noexcept;

  private:
    const std::string path_;
    std::string text_;
    bool exists_ = false;
    bool is_of_file_ = false;
};

}  // namespace appcreate::sqlite
