// What "appctl doctor" finds: each with its remedy.
#pragma once

#include <string>
#include <vector>

namespace appctl::doctor {

struct Finding {
    enum Level { kOk, kWarning, kError } level = kOk;
    std::string check;    // one word: nginx, module, configuration, user, directory, disk, …
    std::string subject;  // the file, the store, the key that it is about
    std::string message;
    std::string remedy;  // empty with kOk
};

class Report {
  public:
    void ok(std::string check, std::string subject, std::string message);
    void warn(std::string check, std::string subject, std::string message, std::string remedy);
    void fail(std::string check, std::string subject, std::string message, std::string remedy);

    [[nodiscard]] std::size_t errors() const noexcept { return count(Finding::kError); }
    [[nodiscard]] std::size_t warnings() const noexcept { return count(Finding::kWarning); }
    // A JSON array for programs, lines for people.
    void print(bool json) const;

  private:
    [[nodiscard]] std::size_t count(Finding::Level level) const noexcept;

    std::vector<Finding> findings_;
};

}  // namespace appctl::doctor
