// appctl(1), in the macros of man(7).
#include <algorithm>

#include "app_create.h"
#include "generate.h"
#include "usage.h"

namespace appctl {
namespace {

// What roff would take for its own: backslashes, hyphens that it may break or turn into dashes, controls at the start.
std::string roff(std::string_view text) {
    std::string out;
    bool is_start = true;
    for (const char c : text) {
        if (is_start && (c == '.' || c == '\'')) out += "\\&";
        is_start = c == '\n';
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
    }
    return out;
}

std::string option_line(const Option &option) {
    std::string out = "\\fB\\-\\-" + roff(option.name) + "\\fR";
    if (option.value != nullptr) out += " \\fI" + roff(option.value) + "\\fR";
    return out;
}

std::string sentence(std::string text) {
    if (!text.empty() && text.back() != '.') text += '.';
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string synopsis(const Command &command) {
    std::string out = ".B appctl " + roff(command.name) + "\n";
    for (const Option &option : command.options) {
        const bool is_needed = option.kind == Option::kRequired;
        out += (is_needed ? "" : "[") + option_line(option) + (is_needed ? "" : "]");
        out += option.kind == Option::kRepeatable ? "...\n" : "\n";
    }
    if (command.operand != nullptr) out += std::string("\\fI") + roff(command.operand) + "\\fR\n";
    return out;
}

std::string section(const Command &command) {
    std::string out = ".SS " + roff(command.name) + "\n" + synopsis(command) + ".PP\n";
    out += roff(sentence(command.summary)) + "\n";
    if (command.notes != nullptr) out += roff(sentence(command.notes)) + "\n";
    for (const Option &option : command.options) {
        out += ".TP\n" + option_line(option) + "\n" + roff(sentence(option.help)) + "\n";
    }
    return out + ".PP\nExample:\n.PP\n.nf\n.RS\nappctl " + roff(command.example) + "\n.RE\n.fi\n";
}

}  // namespace

std::string generate_manual() {
    std::string out =
        std::string(".TH APPCTL 1 \"\" \"nginx\\-app\\-create ") + ac_version() + "\" \"User Commands\"\n";
    out +=
        ".SH NAME\nappctl \\- look after the store of nginx\\-app\\-create\n"
        ".SH SYNOPSIS\n.B appctl\n[\\fB\\-\\-store\\fR \\fIURI\\fR] [\\fB\\-\\-json\\fR] \\fICOMMAND\\fR "
        "[\\fIOPTION\\fR...]\n"
        ".SH DESCRIPTION\nOrganizations, storage providers, keys and applications of nginx\\-app\\-create, in a SQLite "
        "file or in MongoDB.\nIt works while nginx serves; nginx sees a change within a second.\n"
        ".SH OPTIONS\n"
        ".TP\n\\fB\\-\\-store\\fR \\fIURI\\fR\nThe store: sqlite:/path/apps.db or mongodb://host/database; or "
        "file:/path or env:NAME, which hold such a URI.\n"
        ".TP\n\\fB\\-\\-json\\fR\nPrint one JSON document, a list as an array.\n"
        ".TP\n\\fB\\-\\-help\\fR\nPrint the help of everything, or of the command.\n"
        ".TP\n\\fB\\-\\-version\\fR\nPrint the version.\n"
        ".SH COMMANDS\n";
    each_command([&](const Command &command) { out += section(command); });
    out +=
        ".SH EXIT STATUS\n"
        ".TP\n0\nDone.\n"
        ".TP\n1\nFailed; the message on standard error says why and what to do.\n"
        ".TP\n2\nWrong usage.\n"
        ".SH ENVIRONMENT\n.TP\n\\fBAPP_CREATE_STORE\\fR\nStands for \\fB\\-\\-store\\fR.\n"
        ".SH SEE ALSO\n.BR nginx (8)\n";
    return out;
}

}  // namespace appctl
