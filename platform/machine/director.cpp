// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/director.h"

#include <algorithm>

#include "platform/scenario/overloaded.h"

namespace drydock::machine {
namespace {

constexpr std::uint64_t op_end = UINT64_MAX;
constexpr std::uint64_t op_limit = UINT64_MAX - 1;

/// The probe's kind of that name; the loader has checked that it exists.
base::kind kind_named(std::string_view name) {
    const auto found = std::find_if(base::kind_table.begin(), base::kind_table.end(),
                                    [&](const base::kind_info& k) { return k.name == name; });
    return found->what;
}

std::uint64_t field(const base::event& e, int index) {
    const std::uint64_t fields[] = {e.a, e.b, e.c, e.d};
    return fields[index];
}

}  // namespace

director::director(base::context& ctx, const scenario::run& run, stage& on)
    : context_(ctx),
      run_(run),
      stage_(on),
      id_(ctx.timeline.join("director", *this)),
      end_conditions_left_(run.end.when.size()),
      fulfilled_(run.timeline.size() + run.end.when.size()) {
    for (std::size_t i = 0; i < fulfilled_.size(); ++i) {
        if (const auto* p = std::get_if<scenario::at_point>(&condition(i)))
            points_.emplace(std::pair(p->task, p->point), i);
        if (const auto* r = std::get_if<scenario::on_return>(&condition(i)))
            returns_.emplace(r->task, i);
    }
}

director::~director() { context_.probe.unsubscribe(*this); }

const scenario::condition& director::condition(std::size_t index) const {
    return index < run_.timeline.size() ? run_.timeline[index].when
                                        : run_.end.when[index - run_.timeline.size()];
}

void director::begin() {
    begun_ = true;
    for (std::size_t i = 0; i < fulfilled_.size(); ++i) watch(condition(i), i);
    if (end_conditions_left_ == 0) {
        end_at_ = not_before_now(run_.end.plus);
        context_.timeline.at(end_at_, base::phase::software, id_, op_end);
    }
    if (run_.end.limit != base::never)
        context_.timeline.at(not_before_now(run_.end.limit), base::phase::software, id_, op_limit);
}

base::ps director::not_before_now(base::ps t) const { return std::max(t, context_.now()); }

void director::watch(const scenario::condition& c, std::size_t index) {
    std::visit(overloaded{
                   [&](const scenario::at_time& t) {
                       context_.timeline.at(not_before_now(t.time), base::phase::software, id_,
                                            index);
                   },
                   [&](const scenario::on_event& e) {
                       pending_event p{kind_named(e.kind), -1, std::nullopt, e.nth, index};
                       if (!e.device.empty()) {
                           const auto at = base::info(p.kind).formats.find('r');
                           p.field = static_cast<int>(at);
                           p.device = stage_.routing_id_of(e.device).value;
                       }
                       events_.push_back(p);
                       context_.probe.subscribe(*this, p.kind);
                   },
                   [](const scenario::at_point&) {},
                   [](const scenario::on_return&) {},
               },
               c);
}

void director::on_time(std::uint64_t op) {
    if (op == op_end || op == op_limit) {
        ended_ = true;
        context_.timeline.stop();
    } else {
        fulfil(op);
    }
}

void director::on_event(const base::event& e) {
    for (pending_event& p : events_) {
        if (p.left == 0 || p.kind != e.what) continue;
        if (p.device && (p.field < 0 || field(e, p.field) != *p.device)) continue;
        // The verb acts after everything else of this instant, never inside the model that spoke.
        if (--p.left == 0)
            context_.timeline.at(context_.now(), base::phase::software, id_, p.condition);
    }
}

bool director::at_point(std::string_view task, std::string_view point) {
    if (!begun_) return false;
    bool hold = false;
    const auto [first, last] =
        points_.equal_range(std::pair(std::string(task), std::string(point)));
    for (auto it = first; it != last; ++it) {
        if (fulfilled_[it->second]) continue;
        const bool timeline_entry = it->second < run_.timeline.size();
        const auto* held = timeline_entry
                               ? std::get_if<scenario::do_hold>(&run_.timeline[it->second].what)
                               : nullptr;
        if (held != nullptr && held->task == task) {
            hold = true;
            fulfilled_[it->second] = true;
        } else {
            context_.timeline.at(context_.now(), base::phase::software, id_, it->second);
        }
    }
    return hold;
}

void director::returned(std::string_view task) {
    const auto [first, last] = returns_.equal_range(task);
    for (auto it = first; it != last; ++it)
        context_.timeline.at(context_.now(), base::phase::software, id_, it->second);
}

void director::fulfil(std::size_t index) {
    if (fulfilled_[index]) return;
    fulfilled_[index] = true;
    if (index < run_.timeline.size()) {
        carry_out(run_.timeline[index]);
    } else if (--end_conditions_left_ == 0) {
        end_at_ = context_.now() + run_.end.plus;
        context_.timeline.at(end_at_, base::phase::software, id_, op_end);
    }
}

void director::carry_out(const scenario::timeline_entry& entry) {
    std::visit(overloaded{
                   [&](const scenario::do_reset& v) { stage_.reset(v); },
                   [&](const scenario::do_start& v) { stage_.start(v); },
                   [&](const scenario::do_attach& v) { stage_.attach(v); },
                   [&](const scenario::do_detach& v) { stage_.detach(v); },
                   [&](const scenario::do_inject& v) { stage_.inject(v); },
                   [&](const scenario::do_set& v) { stage_.set(v); },
                   [&](const scenario::do_release& v) { stage_.release(v.task); },
                   // A hold takes effect where its task reaches the point.
                   [](const scenario::do_hold&) {},
               },
               entry.what);
}

std::vector<std::string> director::never_happened() const {
    std::vector<std::string> places;
    if (!ended_) return places;  // stopped by somebody else: more might have happened
    for (std::size_t i = 0; i < run_.timeline.size(); ++i)
        if (!fulfilled_[i]) places.push_back(run_.timeline[i].where.text());
    if (end_conditions_left_ > 0) places.emplace_back("end.when, before end.limit");
    return places;
}

}  // namespace drydock::machine
