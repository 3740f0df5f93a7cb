// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_signals.h"

#include <algorithm>

namespace drydock::waves {

fst_signals::signal fst_signals::add(std::string scope, std::string name, form f, unsigned bits) {
    entry e;
    e.selected = selected(scope);
    e.scope = std::move(scope);
    e.name = std::move(name);
    e.is = f;
    e.bits = bits;
    signals_.push_back(std::move(e));
    return static_cast<signal>(signals_.size() - 1);
}

bool fst_signals::selected(const std::string& scope) const {
    if (instances_.empty() || scope == "markers") return true;
    const std::string path = "." + scope + ".";
    return std::any_of(instances_.begin(), instances_.end(), [&](const std::string& i) {
        return path.find("." + i + ".") != std::string::npos;
    });
}

bool fst_signals::visible(base::ps now) {
    if (now > window_.to) return false;
    if (!passing_.empty() && now > passing_at_) settle(now);
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

/// What went through several states within an instant now shows the last one.
void fst_signals::settle(base::ps now) {
    file_.at(std::min(now, passing_at_ + base::ps{1}));
    for (const signal s : passing_) emit(signals_[s]);
    passing_.clear();
}

void fst_signals::state(signal s, base::ps now, std::string_view text) {
    entry& e = signals_[s];
    if (e.known && e.text == text) return;
    if (!e.known || e.changed != now || e.text.empty() || !visible(now)) {
        e.passed.clear();
        return set(s, now, text);
    }
    if (e.passed.empty()) {
        e.passed = e.text;
        passing_.push_back(s);
        passing_at_ = now;
    }
    e.text = text;
    e.passed.append(" > ").append(text);
    file_.at(now);
    if (e.selected && e.variable != 0) file_.set(e.variable, std::string_view(e.passed));
}

fst_file::variable fst_signals::make(const entry& e) {
    switch (e.is) {
        case form::number:
            return file_.add_number(e.scope, e.name);
        case form::bits:
            return file_.add_bits(e.scope, e.name, e.bits);
        default:
            return file_.add_text(e.scope, e.name);
    }
}

void fst_signals::emit(entry& e) {
    if (!e.selected) return;
    emitted_ = true;
    if (e.variable == 0) e.variable = make(e);
    switch (e.is) {
        case form::number:
            return file_.set(e.variable, e.number);
        case form::bits:
            return file_.set_bits(e.variable, e.text);
        default:
            return file_.set(e.variable, std::string_view(e.text));
    }
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
    if (!e.known || e.changed != now || e.text.empty()) return set(s, now, text);
    set(s, now, std::string(e.text).append("; ").append(text));
}

void fst_signals::finish() {
    last_ = std::max(last_, std::min(reached_, window_.to));
    if (!entered_ && window_.from <= last_) enter();
    if (!passing_.empty()) settle(passing_at_ + base::ps{1});
    if (entered_ && last_ > passing_at_) file_.at(last_);
    if (emitted_) return;
    if (!entered_) file_.at(window_.from == base::never ? last_ : window_.from);
    // To its readers a file without a value is none.
    entry& e = signals_[add("markers", "log")];
    e.text =
        window_.from == base::never ? "no violation happened" : "nothing happened in the window";
    emit(e);
}

}  // namespace drydock::waves
