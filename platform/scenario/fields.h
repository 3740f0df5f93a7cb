// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "platform/scenario/document.h"
#include "platform/scenario/quantity.h"

namespace drydock::scenario {

/// Reads the keys of one section that the schema has already judged; each key read becomes a line
/// of the effective configuration, with its origin. A section that is not there gives defaults.
class fields {
public:
    fields(const node* section, std::string path, std::vector<setting>& effective)
        : section_(section), path_(std::move(path)), effective_(effective) {}

    bool has(std::string_view key) const {
        return section_ != nullptr && section_->find(key) != nullptr;
    }
    fields sub(std::string_view key) const {
        return {section_ == nullptr ? nullptr : section_->find(key), path_ + "." + std::string(key),
                effective_};
    }
    const node* section() const { return section_; }
    /// Where the key's value stands; of the section if it does not.
    place where(std::string_view key) const {
        if (section_ == nullptr) return {};
        const node* n = section_->find(key);
        return n == nullptr ? section_->where : n->where;
    }

    void read(std::string_view key, bool& v) const {
        if (const node* n = take(key)) v = n->scalar == "true";
        note(key, v ? "true" : "false");
    }
    void read(std::string_view key, unsigned& v) const {
        if (const node* n = take(key)) v = n->to_json().get<unsigned>();
        note(key, std::to_string(v));
    }
    void read(std::string_view key, std::string& v) const {
        if (const node* n = take(key)) v = n->scalar;
        note(key, v);
    }
    /// @param low,high inclusive
    void read(std::string_view key, ps& v, ps low, ps high) const {
        if (const node* n = take(key)) {
            v = parsed(*n, key, parse_time(n->scalar), expected_time);
            if (v < low || v > high)
                throw bad_input(n->where, fmt::format("{}: {} is out of range; expected {} to {}",
                                                      key, n->scalar, to_text(low), to_text(high)));
        }
        note(key, to_text(v));
    }
    void read(std::string_view key, link& v) const {
        if (const node* n = take(key)) v = parsed(*n, key, parse_link(n->scalar), expected_link);
        note(key, to_text(v));
    }
    /// For a key that the caller has read by itself.
    void tell(std::string_view key, std::string value) const { note(key, std::move(value)); }
    void read_bytes(std::string_view key, std::uint64_t& v) const {
        if (const node* n = take(key)) v = parsed(*n, key, parse_bytes(n->scalar), expected_bytes);
        note(key, bytes_to_text(v));
    }
    void read_percent(std::string_view key, unsigned& v) const {
        if (const node* n = take(key))
            v = parsed(*n, key, parse_percent(n->scalar), expected_percent);
        note(key, std::to_string(v) + "%");
    }
    void read_burst(std::string_view key, unsigned& count, unsigned& bytes) const {
        if (const node* n = take(key)) {
            const burst b = parsed(*n, key, parse_burst(n->scalar), expected_burst);
            count = b.count;
            bytes = b.bytes;
        }
        note(key, fmt::format("{} x {}", count, bytes_to_text(bytes)));
    }

private:
    const node* take(std::string_view key) const {
        return section_ == nullptr ? nullptr : section_->find(key);
    }
    template <class T>
    static T parsed(const node& n, std::string_view key, const std::optional<T>& v,
                    std::string_view expected) {
        if (!v)
            throw bad_input(n.where, fmt::format("{}: '{}' cannot be used; expected {}", key,
                                                 n.scalar, expected));
        return *v;
    }
    void note(std::string_view key, std::string value) const {
        const node* n = take(key);
        std::string origin = "default";
        if (n != nullptr)
            origin = n->where.command_line ? "command line"
                                           : n->where.file + ":" + std::to_string(n->where.line);
        effective_.push_back({path_ + "." + std::string(key), std::move(value), std::move(origin)});
    }

    const node* section_;
    std::string path_;
    std::vector<setting>& effective_;
};

}  // namespace drydock::scenario
