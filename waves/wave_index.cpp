// SPDX-License-Identifier: Apache-2.0
#include "waves/wave_index.h"

#include <gtkwave/fstapi.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>

namespace drydock::waves {
namespace {

struct close_reader {
    void operator()(void* r) const { fstReaderClose(r); }
};

/// "tlp_2" before "tlp_10": numbers are compared by value.
bool natural(const std::string& a, const std::string& b) {
    std::size_t i = 0, j = 0;
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto number = [&](const std::string& s, std::size_t& at) {
        unsigned long n = 0;
        while (at < s.size() && digit(s[at]))
            n = n * 10 + static_cast<unsigned long>(s[at++] - '0');
        return n;
    };
    while (i < a.size() && j < b.size()) {
        if (digit(a[i]) && digit(b[j])) {
            const unsigned long n = number(a, i), m = number(b, j);
            if (n != m) return n < m;
        } else if (a[i] != b[j]) {
            return a[i] < b[j];
        } else {
            ++i, ++j;
        }
    }
    return a.size() - i < b.size() - j;
}

using marks_by_handle = std::map<fstHandle, std::vector<wave_index::mark>*>;

void value(void* user, std::uint64_t time, fstHandle h, const unsigned char* text,
           std::uint32_t length) {
    auto& wanted = *static_cast<marks_by_handle*>(user);
    wanted.at(h)->push_back({base::ps{static_cast<std::int64_t>(time)},
                             std::string(reinterpret_cast<const char*>(text), length)});
}
void fixed_value(void*, std::uint64_t, fstHandle, const unsigned char*) {}

}  // namespace

wave_index read_index(const std::filesystem::path& waves) {
    const std::unique_ptr<void, close_reader> reader(fstReaderOpen(waves.string().c_str()));
    if (reader == nullptr) throw std::runtime_error(waves.string() + ": no wave file");
    wave_index index;
    index.begin = base::ps{static_cast<std::int64_t>(fstReaderGetStartTime(reader.get()))};
    index.end = base::ps{static_cast<std::int64_t>(fstReaderGetEndTime(reader.get()))};
    marks_by_handle marks;
    while (const fstHier* h = fstReaderIterateHier(reader.get())) {
        if (h->htyp == FST_HT_SCOPE)
            fstReaderPushScope(reader.get(), h->u.scope.name, nullptr);
        else if (h->htyp == FST_HT_UPSCOPE)
            fstReaderPopScope(reader.get());
        if (h->htyp != FST_HT_VAR) continue;
        index.signals.push_back(std::string(fstReaderGetCurrentFlatScope(reader.get())) + "." +
                                h->u.var.name);
        if (index.signals.back() == "markers.fault") marks[h->u.var.handle] = &index.faults;
        if (index.signals.back() == "markers.first_violation")
            marks[h->u.var.handle] = &index.violations;
    }
    std::sort(index.signals.begin(), index.signals.end(), natural);
    fstReaderClrFacProcessMaskAll(reader.get());
    for (const auto& [handle, list] : marks) fstReaderSetFacProcessMask(reader.get(), handle);
    if (!marks.empty()) fstReaderIterBlocks2(reader.get(), fixed_value, value, &marks, nullptr);
    // A window begins with what is so since before: that happened elsewhere.
    const auto from_before = [&](const wave_index::mark& m) {
        return index.begin > base::ps{0} && m.time == index.begin;
    };
    std::erase_if(index.faults, from_before);
    std::erase_if(index.violations, from_before);
    return index;
}

}  // namespace drydock::waves
