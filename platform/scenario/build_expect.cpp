// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "platform/expect/expect.h"
#include "platform/scenario/build.h"
#include "platform/scenario/nearest.h"

namespace drydock::scenario::build {
namespace {

/// "0", "< 1%", "fires" as written; {fires: nic} becomes "fires: nic".
std::string relation_text(const member& m) {
    const node& v = m.value;
    if (v.is == node::type::scalar) return v.scalar;
    if (v.is == node::type::map && v.members.size() == 1 && v.members[0].key == "fires" &&
        v.members[0].value.is == node::type::scalar)
        return "fires: " + v.members[0].value.scalar;
    throw bad_input(v.where, fmt::format("{}: '{}' cannot be used; expected a number, a relation "
                                         "such as \">= 5\", fires or {{fires: DEVICE}}",
                                         m.key, v.text()));
}

void read_list(const node& map, run& r) {
    for (const member& m : map.members) {
        r.expect.push_back({m.key, relation_text(m), m.where});
        expect::check(r.expect.back(), r);
    }
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void expectations(const node& document, const std::vector<std::string>& words,
                  const std::vector<std::string>& all_words, run& r) {
    const node* section = document.find("expect");
    if (section == nullptr) return;
    for (const member& m : section->members) {
        if (m.key != "all" && !has(all_words, m.key)) {
            auto known = all_words;
            known.insert(known.begin(), "all");
            std::sort(known.begin(), known.end());
            known.erase(std::unique(known.begin(), known.end()), known.end());
            throw bad_input(m.where, fmt::format("no variant '{}'; expected one of {}{}", m.key,
                                                 list_of(known), did_you_mean(m.key, known)));
        }
        if (m.key != "all" && !has(words, m.key)) continue;
        if (m.value.is == node::type::map) read_list(m.value, r);
        for (const node& item : m.value.items) read_list(item, r);
    }
}

}  // namespace drydock::scenario::build
