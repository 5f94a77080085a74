#include "doctor/configuration.h"

namespace appctl::doctor {
namespace {

constexpr std::string_view kFile = "# configuration file ";

class DumpReader {
  public:
    explicit DumpReader(std::string_view dump) noexcept : rest_(dump) {}

    std::vector<Directive> read() {
        while (!rest_.empty()) step();
        return std::move(out_);
    }

  private:
    void step() {
        const char c = rest_.front();
        if (c == '#') return comment();
        if (c == ';') return end_directive(1);
        if (c == '{') return begin_block();
        if (c == '}') return end_block();
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return rest_.remove_prefix(1);
        word();
    }

    // "nginx -T" puts each file's name above it, at the start of a line.
    void comment() {
        const std::string_view line = rest_.substr(0, rest_.find('\n'));
        if (line.starts_with(kFile) && line.ends_with(':') && blocks_.empty() && words_.empty()) {
            file_ = line.substr(kFile.size(), line.size() - kFile.size() - 1);
        }
        rest_.remove_prefix(line.size());
    }

    void word() {
        const char quote = rest_.front();
        std::string out;
        if (quote == '"' || quote == '\'') {
            rest_.remove_prefix(1);
            while (!rest_.empty() && rest_.front() != quote) take(out);
            if (!rest_.empty()) rest_.remove_prefix(1);
        } else {
            while (!rest_.empty()) {
                const std::string_view next = rest_.substr(0, 2);
                const bool is_variable = next == "${";
                if (!is_variable && std::string_view(" \t\r\n;{").find(next[0]) != std::string_view::npos) break;
                if (is_variable) take(out);
                take(out);
            }
        }
        words_.push_back(std::move(out));
    }

    // A backslash keeps what is behind it from ending the word, and goes itself before some (ngx_conf_read_token).
    void take(std::string &out) {
        constexpr std::string_view kAfter = "\"'\\trn";
        constexpr std::string_view kMeant = "\"'\\\t\r\n";
        if (rest_.front() != '\\' || rest_.size() == 1) {
            out += rest_.front();
            rest_.remove_prefix(1);
            return;
        }
        const std::size_t at = kAfter.find(rest_[1]);
        out += at == std::string_view::npos ? std::string(rest_.substr(0, 2)) : std::string(1, kMeant[at]);
        rest_.remove_prefix(2);
    }

    void add() {
        if (!words_.empty()) out_.push_back({words_, file_, blocks_.empty() ? "" : blocks_.back()});
    }

    void end_directive(std::size_t length) {
        add();
        const bool is_name = !words_.empty() && words_[0] == "server_name" && words_.size() > 1;
        if (is_name && !blocks_.empty() && blocks_.back() == "server") blocks_.back() += " " + words_[1];
        words_.clear();
        rest_.remove_prefix(length);
    }

    void begin_block() {
        add();
        std::string name;
        for (const std::string &word : words_) name += (name.empty() ? "" : " ") + word;
        blocks_.push_back(name);
        words_.clear();
        rest_.remove_prefix(1);
    }

    void end_block() {
        if (!blocks_.empty()) blocks_.pop_back();
        words_.clear();
        rest_.remove_prefix(1);
    }

    std::string_view rest_;
    std::string file_;
    std::vector<std::string> words_;
    std::vector<std::string> blocks_;
    std::vector<Directive> out_;
};

}  // namespace

std::vector<Directive> read_configuration(std::string_view dump) { return DumpReader(dump).read(); }

}  // namespace appctl::doctor
