#include "doctor/report.h"

#include <algorithm>
#include <utility>

#include "json_view.h"
#include "output.h"

namespace appctl::doctor {
namespace {

const char *name_of(Finding::Level level) noexcept {
    switch (level) {
        case Finding::kWarning:
            return "warning";
        case Finding::kError:
            return "error";
        default:
            return "ok";
    }
}

// What other programs wrote may be no UTF-8, which JSON cannot hold.
std::string printable(const std::string &text) {
    Json string(json_stringn(text.data(), text.size()));
    if (string) return text;
    std::string out = text;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return out;
}

Json row_of(const Finding &finding) {
    Json row =
        made(json_pack("{s:s,s:s,s:s,s:s}", "check", finding.check.c_str(), "level", name_of(finding.level), "subject",
                       printable(finding.subject).c_str(), "message", printable(finding.message).c_str()));
    const std::string remedy = printable(finding.remedy);
    json_object_set_new(row.get(), "remedy", remedy.empty() ? json_null() : json_string(remedy.c_str()));
    return row;
}

}  // namespace

void Report::ok(std::string check, std::string subject, std::string message) {
    findings_.push_back({Finding::kOk, std::move(check), std::move(subject), std::move(message), ""});
}

void Report::warn(std::string check, std::string subject, std::string message, std::string remedy) {
    findings_.push_back(
        {Finding::kWarning, std::move(check), std::move(subject), std::move(message), std::move(remedy)});
}

void Report::fail(std::string check, std::string subject, std::string message, std::string remedy) {
    findings_.push_back({Finding::kError, std::move(check), std::move(subject), std::move(message), std::move(remedy)});
}

std::size_t Report::count(Finding::Level level) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(findings_.begin(), findings_.end(), [level](const Finding &f) { return f.level == level; }));
}

void Report::print(bool json) const {
    if (json) {
        ListPrinter printer(true, {});
        for (const Finding &finding : findings_) printer.add(compact(row_of(finding).get()));
        printer.finish();
        return;
    }
    for (const Finding &finding : findings_) {
        std::string level = name_of(finding.level);
        level.resize(8, ' ');
        std::string check = finding.check;
        check.resize(std::max<std::size_t>(check.size(), 13), ' ');
        appctl::print(harmless(level + check + " " + finding.subject + ": " + finding.message) + "\n");
        if (!finding.remedy.empty()) appctl::print(std::string(22, ' ') + harmless("-> " + finding.remedy) + "\n");
    }
}

}  // namespace appctl::doctor
