// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "waves/flat_map.h"
#include "waves/fst_file.h"
#include "waves/sink.h"

namespace drydock::waves {

/// The variables of a wave file by what they stand for, made with their first value; and the
/// window. Before the window values are only kept; at its beginning each variable gets the value it
/// has.
class fst_signals {
public:
    using signal = std::uint32_t;  ///< index, from 0

    fst_signals(fst_file& file, window shown) : file_(file), window_(shown) {}

    /// Makes a variable. @param scope split at '.'
    signal add(std::string scope, std::string name, bool number = false);
    /// A state: every value is recorded, several within one instant too. No change, no record.
    void set(signal s, base::ps now, std::string_view text);
    void set_number(signal s, base::ps now, std::uint32_t n);
    /// A note: within one instant notes are joined by "; ", since a viewer shows the last value
    /// only.
    void note(signal s, base::ps now, std::string_view text);
    const std::string& text(signal s) const { return signals_[s].text; }
    /// Brings the file to the end of what was seen, and says so if that was nothing.
    void finish();

private:
    struct entry {
        std::string scope, name, text;
        fst_file::variable variable = 0;
        std::uint32_t number = 0;
        base::ps changed{-1};
        bool is_number = false, known = false;
    };
    bool visible(base::ps now);
    void emit(entry& e);
    void enter();

    fst_file& file_;
    window window_;
    std::vector<entry> signals_;
    base::ps last_{};
    bool entered_ = false, emitted_ = false;
};

/// Transactions that overlap, as text on lanes name_0, name_1, ...: one takes the lowest free lane.
/// (Not name[0]: GTKWave cuts brackets off the names of text variables.)
/// An ended one's lane is empty again; one that ended badly leaves its last words until the lane is
/// taken again.
class fst_lanes {
public:
    fst_lanes(std::string scope, std::string name, unsigned lanes)
        : scope_(std::move(scope)), name_(std::move(name)), lanes_(lanes) {}

    /// @param key finds it again: of equal keys the oldest. @return false if every lane is busy
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
    std::uint64_t order_ = 0;
};

}  // namespace drydock::waves
