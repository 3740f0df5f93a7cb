// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "waves/fst_signals.h"

namespace drydock::waves {

/// Transactions that overlap, as text on lanes name_0, name_1, ...: one takes the lowest free lane.
/// (Not name[0]: GTKWave cuts brackets off the names of text variables.)
/// An ended one's lane is empty again. One that ended badly leaves its last words until the lane is
/// taken again, and one that ended as it began its text: within that instant nobody else takes the
/// lane, if there is another, so that a viewer shows every one.
class fst_lanes {
public:
    fst_lanes(std::string scope, std::string name, unsigned lanes)
        : scope_(std::move(scope)), name_(std::move(name)), lanes_(lanes) {}

    /// @param key finds it again: of equal keys the oldest. @return false if every lane is busy;
    /// then the text is a note on name_more
    bool take(fst_signals& to, std::uint64_t key, base::ps now, std::string_view text);
    /// @return false if no lane holds this key
    bool release(fst_signals& to, std::uint64_t key, base::ps now,
                 std::string_view last_words = "");

private:
    struct lane {
        std::optional<fst_signals::signal> signal;
        std::uint64_t key = 0;
        std::uint64_t taken = 0;  // order of taking; 0 = free
    };
    std::string scope_, name_;
    std::vector<lane> lanes_;
    std::optional<fst_signals::signal> more_;
    std::uint64_t order_ = 0;
};

}  // namespace drydock::waves
