// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_signals.h"

namespace drydock::waves {

fst_signals::signal fst_signals::add(std::string scope, std::string name, bool number) {
    entry e;
    e.scope = std::move(scope);
    e.name = std::move(name);
    e.is_number = number;
    signals_.push_back(std::move(e));
    return static_cast<signal>(signals_.size() - 1);
}

bool fst_signals::visible(base::ps now) {
    if (now > window_.to) return false;
    last_ = now;
    if (now < window_.from) return false;
    if (!entered_) enter();
    return true;
}

/// The window opens: every variable shows what it has held since before.
void fst_signals::enter() {
    entered_ = true;
    file_.at(window_.from);
    for (entry& e : signals_)
        if (e.known) emit(e);
}

void fst_signals::emit(entry& e) {
    emitted_ = true;
    if (e.variable == 0)
        e.variable =
            e.is_number ? file_.add_number(e.scope, e.name) : file_.add_text(e.scope, e.name);
    if (e.is_number)
        file_.set(e.variable, e.number);
    else
        file_.set(e.variable, e.text);
}

void fst_signals::set(signal s, base::ps now, std::string_view text) {
    entry& e = signals_[s];
    if (now > window_.to || (e.known && e.text == text)) return;
    const bool show = visible(now);
    e.known = true;
    e.text = text;
    e.changed = now;
    if (!show) return;
    file_.at(now);
    emit(e);
}

void fst_signals::set_number(signal s, base::ps now, std::uint32_t n) {
    entry& e = signals_[s];
    if (now > window_.to || (e.known && e.number == n)) return;
    const bool show = visible(now);
    e.known = true;
    e.number = n;
    if (!show) return;
    file_.at(now);
    emit(e);
}

void fst_signals::note(signal s, base::ps now, std::string_view text) {
    const entry& e = signals_[s];
    if (!e.known || e.changed != now) return set(s, now, text);
    set(s, now, std::string(e.text).append("; ").append(text));
}

void fst_signals::finish() {
    if (!entered_ && window_.from <= last_) enter();
    if (entered_) file_.at(last_);
    if (emitted_) return;
    if (!entered_) file_.at(window_.from);
    // To its readers a file without a value is none.
    entry& e = signals_[add("waves", "log")];
    e.text = "nothing happened in the window";
    emit(e);
}

bool fst_lanes::take(fst_signals& to, std::uint64_t key, base::ps now, std::string_view text) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        lane& l = lanes_[i];
        if (l.taken != 0) continue;
        if (!l.signal) l.signal = to.add(scope_, name_ + "_" + std::to_string(i));
        l.key = key;
        l.taken = ++order_;
        to.set(*l.signal, now, text);
        return true;
    }
    return false;
}

bool fst_lanes::release(fst_signals& to, std::uint64_t key, base::ps now,
                        std::string_view last_words) {
    lane* oldest = nullptr;
    for (lane& l : lanes_)
        if (l.taken != 0 && l.key == key && (oldest == nullptr || l.taken < oldest->taken))
            oldest = &l;
    if (oldest == nullptr) return false;
    oldest->taken = 0;
    to.set(*oldest->signal, now, last_words);
    return true;
}

}  // namespace drydock::waves
