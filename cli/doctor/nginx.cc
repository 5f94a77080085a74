#include "doctor/nginx.h"

#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "doctor/binary.h"
#include "doctor/configuration.h"
#include "doctor/process.h"
#include "doctor/programs.h"
#include "doctor/read_file.h"
#include "doctor/stop_time.h"
#include "doctor/token_logs.h"

namespace appctl::doctor {
namespace {

constexpr std::string_view kModule = "ngx_http_app_create_module.so";

std::string first_line(const std::string &text) { return text.substr(0, text.find('\n')); }

// What a configure argument says, as in --user=www-data; empty: it is not among them.
std::string argument(const std::string &text, std::string_view name) {
    const std::size_t at = text.find(" --" + std::string(name) + "=");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 4;
    return text.substr(start, text.find_first_of(" \n", start) - start);
}

// "nginx version: nginx/1.22.1" as 1022001; forks write their own names. 0: none there.
std::uint64_t version_of(const std::string &text) {
    const std::string line = first_line(text);
    std::size_t at = line.find('/');
    std::uint64_t version = 0;
    for (int part = 0; part < 3 && at != std::string::npos; ++part) {
        char *end = nullptr;
        version = version * 1000 + std::strtoull(line.c_str() + at + 1, &end, 10);
        at = static_cast<std::size_t>(end - line.c_str());
        if (part < 2 && line[at] != '.') return 0;
    }
    return version;
}

class Examination {
  public:
    Examination(std::string binary, std::string configuration, Report &report)
        : binary_(std::move(binary)), configuration_(std::move(configuration)), report_(report) {}

    Nginx run() {
        if (!find_binary()) return out_;
        const bool is_read = read_configuration_of_nginx();
        module();
        if (is_read) {
            user();
            stores();
            if (uses_module()) {
                logs();
                stop_time();
            }
        }
        return out_;
    }

  private:
    bool find_binary() {
        if (binary_.empty()) binary_ = find_program("nginx");
        if (binary_.empty()) {
            report_.fail("nginx", "nginx", "not found in PATH", "install nginx, or name its binary with --nginx PATH");
            return false;
        }
        const Output output = doctor::run({binary_, "-V"});
        built_with_ = output.err;
        if (output.status != 0 || output.err.find("version") == std::string::npos) {
            report_.fail("nginx", binary_, "it does not run as \"nginx -V\"", "name nginx's binary with --nginx PATH");
            return false;
        }
        const std::string line = first_line(output.err);
        const std::size_t colon = line.find(": ");
        report_.ok("nginx", binary_, colon == std::string::npos ? line : line.substr(colon + 2));
        return true;
    }

    bool read_configuration_of_nginx() {
        std::vector<std::string> command = {binary_, "-T"};
        if (!configuration_.empty()) command.insert(command.end(), {"-c", configuration_});
        const Output output = doctor::run(command);
        std::string subject = configuration_;
        if (subject.empty()) subject = argument(built_with_, "conf-path");
        if (subject.empty()) subject = "nginx.conf";
        if (output.status != 0) {
            const std::size_t at = std::min(output.err.find("[emerg]"), output.err.size());
            refusal_ = first_line(output.err.substr(at));
            directives_ = outermost_directives(subject);
            report_.fail("configuration", subject, "nginx refuses it: " + refusal_,
                         ::geteuid() == 0 ? "mend it, and try with \"nginx -t\""
                                          : "mend it, or run this as root, who may read all of it");
            return false;
        }
        directives_ = read_configuration(output.out);
        out_.is_known = true;
        report_.ok("configuration", subject, "nginx takes it");
        warnings(subject, output.err);
        return true;
    }

    // What nginx itself warns of.
    void warnings(const std::string &subject, std::string_view lines) {
        constexpr std::string_view kMark = "[warn] ";
        for (std::size_t at = lines.find(kMark); at != std::string_view::npos; at = lines.find(kMark, at)) {
            lines.remove_prefix(at + kMark.size());
            at = 0;
            std::string line = first_line(std::string(lines));
            // The number of the process.
            const std::size_t colon = line.find(": ");
            if (colon != std::string::npos && line.find_first_not_of("0123456789#") == colon) line.erase(0, colon + 2);
            report_.warn("configuration", subject, "nginx warns: " + line,
                         "do as the line says; docs/operations.md has those of the module");
        }
    }

    // Of a configuration that nginx does not print: its own directives and those of the files that it includes at its
    // outermost level, which is where modules are loaded.
    static std::vector<Directive> outermost_directives(const std::string &path) {
        std::vector<Directive> out = read_configuration(read_file(path));
        const std::string directory = path.substr(0, path.rfind('/') + 1);
        std::vector<Directive> included;
        for (const Directive &directive : out) {
            if (directive.words[0] != "include" || directive.words.size() < 2 || !directive.where.empty()) continue;
            const std::string &pattern = directive.words[1];
            glob_t found{};
            if (::glob((pattern.starts_with('/') ? pattern : directory + pattern).c_str(), 0, nullptr, &found) == 0) {
                for (std::size_t i = 0; i < found.gl_pathc; ++i) {
                    const std::vector<Directive> more = read_configuration(read_file(found.gl_pathv[i]));
                    included.insert(included.end(), more.begin(), more.end());
                }
            }
            ::globfree(&found);
        }
        out.insert(out.end(), included.begin(), included.end());
        return out;
    }

    // As configured; otherwise out of what nginx says of it; otherwise where it would be installed.
    std::string find_module() {
        const auto with_name = [](std::string_view path) { return path.ends_with(kModule); };
        const std::string prefix = argument(built_with_, "prefix") + "/";
        for (const Directive &directive : directives_) {
            if (directive.words.size() < 2 || directive.words[0] != "load_module" || !with_name(directive.words[1])) {
                continue;
            }
            const std::string &path = directive.words[1];
            return path.starts_with('/') ? path : prefix + path;
        }
        const std::size_t quote = refusal_.find("module \"");
        if (quote != std::string::npos) {
            const std::string rest = refusal_.substr(quote + 8);
            std::string path = rest.substr(0, rest.find('"'));
            if (with_name(path)) return path;
        }
        std::string directory = argument(built_with_, "modules-path");
        if (directory.empty()) directory = prefix + "modules";
        return directory + "/" + std::string(kModule);
    }

    void module() {
        const std::string path = find_module();
        if (::access(path.c_str(), R_OK) != 0) {
            // One that is linked in has no file.
            if (uses_module()) return report_.ok("module", path, "no file of its own: nginx has it built in");
            return report_.fail("module", path, "there is no such file that can be read",
                                "install the module (README), and load it with load_module");
        }
        const std::string wanted = signature_of(binary_);
        const std::string has = signature_of(path);
        const std::uint64_t nginx = version_of(built_with_);
        const auto built_for = version_of_module(path);
        const char *remedy = "build the module against this nginx (README), or install the package that belongs to it";
        if (built_for && nginx != 0 && *built_for != nginx) {
            return report_.fail(
                "module", path,
                "it is built for nginx " + version_text(*built_for) + ", this nginx is " + version_text(nginx), remedy);
        }
        if (!has.empty() && !wanted.empty() && has != wanted) {
            return report_.fail(
                "module", path,
                "its signature " + has + " is not nginx's " + wanted + ": they are configured with other options",
                std::string(remedy) + "; both need --with-compat");
        }
        report_.ok("module", path,
                   built_for ? "built for nginx " + version_text(*built_for) + ", signature " + has
                             : "its version cannot be read, nginx decides");
        if (out_.is_known && !uses_module()) {
            report_.warn("configuration", "app_create", "no location creates applications",
                         "add app_create and app_create_store (docs/directives.md)");
        }
    }

    [[nodiscard]] bool uses_module() const {
        return std::any_of(directives_.begin(), directives_.end(),
                           [](const Directive &d) { return d.words[0].starts_with("app_create"); });
    }

    void user() {
        out_.user = argument(built_with_, "user");
        out_.group = argument(built_with_, "group");
        if (out_.user.empty()) out_.user = "nobody";
        for (const Directive &directive : directives_) {
            if (directive.words[0] != "user" || directive.words.size() < 2) continue;
            out_.user = directive.words[1];
            out_.group = directive.words.size() > 2 ? directive.words[2] : "";
        }
    }

    void stores() {
        for (const Directive &directive : directives_) {
            if (directive.words[0] != "app_create_store" || directive.words.size() < 2) continue;
            const std::string place = directive.file + (directive.where.empty() ? "" : " (" + directive.where + ")");
            const auto found = std::find_if(out_.stores.begin(), out_.stores.end(),
                                            [&](const StoreUse &use) { return use.uri == directive.words[1]; });
            if (found == out_.stores.end()) {
                out_.stores.push_back({directive.words[1], {place}});
            } else {
                found->places.push_back(place);
            }
        }
    }

    void logs() {
        for (const TokenLog &found : find_token_logs(directives_)) {
            report_.warn("log_format", found.format + " of " + found.file,
                         "it writes $" + found.variable + ", so there are tokens in " + found.log,
                         "log $app_create_token_hash and $app_create_key in its place, delete what was logged, and "
                         "rotate the keys");
        }
    }

    // What is being written when nginx is killed gets no answer.
    void stop_time() {
        constexpr std::int64_t kMore = 1000;  // ms; a worker's own bound is a second more than the timeout
        const std::optional<std::int64_t> stops = stop_time_of_nginx();
        const std::int64_t timeout = longest_timeout(directives_);
        if (!stops || timeout + kMore <= *stops) return;
        report_.warn("configuration", "app_create_timeout",
                     "it is " + std::to_string(timeout) +
                         " ms, and systemd kills an nginx that has not stopped after " + std::to_string(*stops) + " ms",
                     "shorten app_create_timeout, or raise TimeoutStopSec with \"systemctl edit nginx\"");
    }

    std::string binary_;
    const std::string configuration_;
    Report &report_;
    Nginx out_;
    std::string built_with_;
    std::string refusal_;
    std::vector<Directive> directives_;
};

}  // namespace

Nginx examine_nginx(const std::string &binary, const std::string &configuration, Report &report) {
    return Examination(binary, configuration, report).run();
}

}  // namespace appctl::doctor
