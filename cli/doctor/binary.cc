#include "doctor/binary.h"

#include <elf.h>

#include <cstring>
#include <string_view>

#include "doctor/read_file.h"

namespace appctl::doctor {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "8,4,8," and at least twenty 0 and 1 (ngx_module.h); 0: none at the start of `text`.
std::size_t signature_length(std::string_view text) noexcept {
    constexpr std::size_t kNumbers = 3;
    constexpr std::size_t kFlags = 20;
    std::size_t at = 0;
    for (std::size_t i = 0; i < kNumbers; ++i) {
        const std::size_t start = at;
        while (at < text.size() && is_digit(text[at]) && at - start < 2) ++at;
        if (at == start || at >= text.size() || text[at] != ',') return 0;
        ++at;
    }
    const std::size_t flags = at;
    while (at < text.size() && (text[at] == '0' || text[at] == '1')) ++at;
    return at - flags >= kFlags ? at : 0;
}

// A 64-bit ELF file of this machine's byte order, which may be anything: every offset is checked.
class Elf {
  public:
    explicit Elf(std::string content) : content_(std::move(content)) {
        const auto header = read<Elf64_Ehdr>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64) {
            return;
        }
        header_ = *header;
        is_valid_ = true;
    }

    // What the first pointer of the exported array `name` points to, as the dynamic linker will have it.
    [[nodiscard]] std::optional<std::uint64_t> first_pointer(std::string_view name) const {
        const auto array = symbol(name);
        if (!array) return std::nullopt;
        for (std::size_t i = 0; const auto section = this->section(i); ++i) {
            if (section->sh_type != SHT_RELA) continue;
            for (std::size_t at = 0; at + sizeof(Elf64_Rela) <= section->sh_size; at += sizeof(Elf64_Rela)) {
                const auto entry = read<Elf64_Rela>(section->sh_offset + at);
                if (!entry) break;
                if (entry->r_offset == *array) return target_of(*entry, section->sh_link);
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::uint64_t> word_at(std::uint64_t address) const {
        for (std::size_t i = 0; is_valid_ && i < header_.e_phnum; ++i) {
            const auto segment = read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
            if (!segment || segment->p_type != PT_LOAD) continue;
            if (address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz) {
                return read<std::uint64_t>(segment->p_offset + (address - segment->p_vaddr));
            }
        }
        return std::nullopt;
    }

  private:
    template <class T>
    [[nodiscard]] std::optional<T> read(std::uint64_t offset) const {
        if (offset > content_.size() || content_.size() - offset < sizeof(T)) return std::nullopt;
        T out;
        std::memcpy(&out, content_.data() + offset, sizeof(T));
        return out;
    }

    [[nodiscard]] std::optional<Elf64_Shdr> section(std::size_t i) const {
        if (!is_valid_ || i >= header_.e_shnum) return std::nullopt;
        return read<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr));
    }

    [[nodiscard]] std::optional<std::uint64_t> symbol(std::string_view name) const {
        for (std::size_t i = 0; const auto table = section(i); ++i) {
            if (table->sh_type != SHT_DYNSYM) continue;
            const auto names = section(table->sh_link);
            for (std::size_t at = 0; names && at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
                const auto entry = read<Elf64_Sym>(table->sh_offset + at);
                if (!entry) break;
                const std::uint64_t start = names->sh_offset + entry->st_name;
                if (start > content_.size()) continue;
                const std::string_view rest = std::string_view(content_).substr(start);
                if (rest.starts_with(name) && rest.size() > name.size() && rest[name.size()] == '\0') {
                    return entry->st_value;
                }
            }
        }
        return std::nullopt;
    }

    // Relative relocations name no symbol.
    [[nodiscard]] std::optional<std::uint64_t> target_of(const Elf64_Rela &entry, std::size_t symbols) const {
        std::uint64_t base = 0;
        if (const std::uint64_t index = ELF64_R_SYM(entry.r_info); index != 0) {
            const auto table = section(symbols);
            if (!table) return std::nullopt;
            const auto found = read<Elf64_Sym>(table->sh_offset + index * sizeof(Elf64_Sym));
            if (!found) return std::nullopt;
            base = found->st_value;
        }
        return base + static_cast<std::uint64_t>(entry.r_addend);
    }

    std::string content_;
    Elf64_Ehdr header_{};
    bool is_valid_ = false;
};

}  // namespace

std::string signature_of(const std::string &path) {
    const std::string content = read_file(path);
    for (std::size_t at = content.find(','); at != std::string::npos; at = content.find(',', at + 1)) {
        if (at == 0 || !is_digit(content[at - 1])) continue;
        const std::string_view rest = std::string_view(content).substr(at - 1);
        if (const std::size_t n = signature_length(rest); n != 0) return std::string(rest.substr(0, n));
    }
    return {};
}

std::optional<std::uint64_t> version_of_module(const std::string &path) {
    // ngx_module_s: ctx_index, index, name, spare0, spare1, version.
    constexpr std::uint64_t kVersion = 5 * sizeof(std::uint64_t);
    const Elf elf(read_file(path));
    const auto module = elf.first_pointer("ngx_modules");
    return module ? elf.word_at(*module + kVersion) : std::nullopt;
}

std::string version_text(std::uint64_t version) {
    return std::to_string(version / 1000000) + "." + std::to_string(version / 1000 % 1000) + "." +
           std::to_string(version % 1000);
}

}  // namespace appctl::doctor
