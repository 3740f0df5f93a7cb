// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "waves/fst_file.h"
#include "waves/sink.h"

namespace drydock::waves {

/// The variables of a wave file by what they stand for, made with their first value; and the
/// window. Before the window values are only kept; at its beginning each variable gets the value it
/// has.
class fst_signals {
public:
    using signal = std::uint32_t;  ///< index, from 0
    enum class form : std::uint8_t { text, number, bits };

    /// @param instances whose signals the file takes; empty: all
    fst_signals(fst_file& file, window shown, std::vector<std::string> instances = {})
        : file_(file), window_(shown), instances_(std::move(instances)) {}
    /// Another window. @pre nothing was shown yet
    void show(window w) { window_ = w; }
    const window& shown() const { return window_; }

    /// Makes a variable. @param scope split at '.'  @param bits of form::bits
    signal add(std::string scope, std::string name, form f = form::text, unsigned bits = 0);
    /// A value as it is. Several within one instant are all recorded; a viewer shows the last.
    /// No change, no record.
    void set(signal s, base::ps now, std::string_view text);
    void set_number(signal s, base::ps now, std::uint32_t n);
    /// A state: passed through within one instant they are shown together, "flr > ready", and 1 ps
    /// later the last one alone.
    void state(signal s, base::ps now, std::string_view text);
    /// A note: within one instant they are joined by "; ".
    void note(signal s, base::ps now, std::string_view text);
    const std::string& text(signal s) const { return signals_[s].text; }
    /// When it changed last; -1 ps: never.
    base::ps changed(signal s) const { return signals_[s].changed; }
    /// The run has come to here, whether or not anything changes.
    void reached(base::ps now) { reached_ = now; }
    /// Brings the file to the end of what was seen, and says so if that was nothing.
    void finish();

private:
    struct entry {
        std::string scope, name, text;
        std::string passed;  // all states of the instant `changed`, if there were several
        fst_file::variable variable = 0;
        std::uint32_t number = 0;
        unsigned bits = 0;
        base::ps changed{-1};
        form is = form::text;
        bool known = false;
        bool selected = true;
    };
    bool visible(base::ps now);
    bool selected(const std::string& scope) const;
    fst_file::variable make(const entry& e);
    void emit(entry& e);
    void enter();
    void settle(base::ps now);

    fst_file& file_;
    window window_;
    std::vector<std::string> instances_;
    std::vector<entry> signals_;
    std::vector<signal> passing_;  // show the states of passing_at_ together
    base::ps passing_at_{};
    base::ps last_{}, reached_{};
    bool entered_ = false, emitted_ = false;
};

}  // namespace drydock::waves
