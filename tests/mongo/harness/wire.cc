#include "harness/wire.h"

#include <cstring>
#include <stdexcept>

namespace appcreate::test {
namespace {

constexpr std::int32_t kOpReply = 1;
constexpr std::int32_t kOpQuery = 2004;
constexpr std::int32_t kOpMsg = 2013;
constexpr std::size_t kHeader = 16;
constexpr std::size_t kMaxMessage = 64 << 20;
constexpr std::uint32_t kChecksumPresent = 1;
constexpr std::uint32_t kMoreToCome = 2;

std::int32_t int32_at(const Bytes &bytes, std::size_t offset) {
    if (offset + 4 > bytes.size()) throw std::runtime_error("a message of the wire protocol is too short");
    std::int32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, 4);
    return value;  // this machine is little-endian, as BSON is
}

void append_int32(Bytes &bytes, std::int32_t value) {
    const auto *data = reinterpret_cast<const std::uint8_t *>(&value);
    bytes.insert(bytes.end(), data, data + 4);
}

void append_document(Bytes &bytes, const bson_t *document) {
    bytes.insert(bytes.end(), bson_get_data(document), bson_get_data(document) + document->len);
}

std::int32_t opcode(const Message &message) { return int32_at(message.bytes, 12); }

// The document at `offset`, which then lies behind it.
Bson document_at(const Bytes &bytes, std::size_t &offset) {
    const auto size = static_cast<std::size_t>(int32_at(bytes, offset));
    bson_t view;
    if (size > bytes.size() - offset || !bson_init_static(&view, bytes.data() + offset, size)) {
        throw std::runtime_error("a message of the wire protocol holds no document where one must be");
    }
    offset += size;
    return copy(&view);
}

std::string string_at(const Bytes &bytes, std::size_t &offset) {
    const auto *begin = bytes.data() + offset;
    const auto *end = static_cast<const std::uint8_t *>(std::memchr(begin, 0, bytes.size() - offset));
    if (end == nullptr) throw std::runtime_error("a message of the wire protocol holds an endless string");
    offset += static_cast<std::size_t>(end - begin) + 1;
    return {begin, end};
}

void append_sequence(bson_t *body, const Bytes &bytes, std::size_t &offset) {
    const std::size_t end = offset + static_cast<std::size_t>(int32_at(bytes, offset));
    offset += 4;
    const std::string name = string_at(bytes, offset);
    Bson array(bson_new());
    for (unsigned i = 0; offset < end; ++i) {
        const Bson document = document_at(bytes, offset);
        bson_append_document(array.get(), std::to_string(i).c_str(), -1, document.get());
    }
    bson_append_array(body, name.c_str(), -1, array.get());
}

Bson read_msg(const Bytes &bytes) {
    const auto flags = static_cast<std::uint32_t>(int32_at(bytes, kHeader));
    const std::size_t end = bytes.size() - ((flags & kChecksumPresent) != 0 ? 4 : 0);
    Bson body;
    // Sequences may come before the body.
    Bson sequences(bson_new());
    std::size_t offset = kHeader + 4;
    while (offset < end) {
        const std::uint8_t kind = bytes[offset++];
        if (kind == 0) {
            body = document_at(bytes, offset);
        } else {
            append_sequence(sequences.get(), bytes, offset);
        }
    }
    if (!body) throw std::runtime_error("an OP_MSG has no body");
    bson_concat(body.get(), sequences.get());
    return body;
}

void finish(Message &message) {
    const auto size = static_cast<std::int32_t>(message.bytes.size());
    std::memcpy(message.bytes.data(), &size, 4);
}

Message begin(std::int32_t request_id, std::int32_t response_to, std::int32_t code) {
    Message message;
    append_int32(message.bytes, 0);
    append_int32(message.bytes, request_id);
    append_int32(message.bytes, response_to);
    append_int32(message.bytes, code);
    return message;
}

Message make_msg(std::int32_t request_id, std::int32_t response_to, const bson_t *document) {
    Message message = begin(request_id, response_to, kOpMsg);
    append_int32(message.bytes, 0);
    message.bytes.push_back(0);
    append_document(message.bytes, document);
    finish(message);
    return message;
}

Message make_op_reply(std::int32_t request_id, std::int32_t response_to, const bson_t *document) {
    Message message = begin(request_id, response_to, kOpReply);
    append_int32(message.bytes, 8);  // AwaitCapable
    append_int32(message.bytes, 0);  // cursor, 8 bytes
    append_int32(message.bytes, 0);
    append_int32(message.bytes, 0);  // starting from
    append_int32(message.bytes, 1);  // documents
    append_document(message.bytes, document);
    finish(message);
    return message;
}

}  // namespace

std::int32_t Message::request_id() const { return int32_at(bytes, 4); }
std::int32_t Message::response_to() const { return int32_at(bytes, 8); }

void Framer::append(const std::uint8_t *data, std::size_t size) { pending_.insert(pending_.end(), data, data + size); }

std::optional<Message> Framer::next() {
    if (pending_.size() < 4) return std::nullopt;
    const auto size = static_cast<std::size_t>(int32_at(pending_, 0));
    if (size < kHeader || size > kMaxMessage) throw std::runtime_error("a message of the wire protocol has no length");
    if (pending_.size() < size) return std::nullopt;
    const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(size);
    Message message{Bytes(pending_.begin(), end)};
    pending_.erase(pending_.begin(), end);
    return message;
}

std::optional<Command> read_command(const Message &message) {
    Command command;
    if (opcode(message) == kOpMsg) {
        command.body = read_msg(message.bytes);
        command.wants_reply = (static_cast<std::uint32_t>(int32_at(message.bytes, kHeader)) & kMoreToCome) == 0;
    } else if (opcode(message) == kOpQuery) {
        std::size_t offset = kHeader + 4;
        string_at(message.bytes, offset);
        offset += 8;
        command.body = document_at(message.bytes, offset);
    } else {
        return std::nullopt;
    }
    bson_iter_t at;
    if (!bson_iter_init(&at, command.body.get()) || !bson_iter_next(&at)) return std::nullopt;
    command.name = bson_iter_key(&at);
    if (BSON_ITER_HOLDS_UTF8(&at)) command.collection = bson_iter_utf8(&at, nullptr);
    return command;
}

Bson read_reply(const Message &message) {
    if (opcode(message) == kOpMsg) return read_msg(message.bytes);
    if (opcode(message) != kOpReply) throw std::runtime_error("a reply has an unknown opcode");
    std::size_t offset = kHeader + 20;
    return document_at(message.bytes, offset);
}

Message make_reply(const Message &request, const bson_t *document) {
    const std::int32_t to = request.request_id();
    return opcode(request) == kOpMsg ? make_msg(to + 1, to, document) : make_op_reply(to + 1, to, document);
}

Message with_body(const Message &message, const bson_t *body) {
    if (opcode(message) == kOpReply) return make_op_reply(message.request_id(), message.response_to(), body);
    if (opcode(message) == kOpMsg) return make_msg(message.request_id(), message.response_to(), body);
    throw std::runtime_error("only OP_MSG and OP_REPLY can get another body");
}

}  // namespace appcreate::test
