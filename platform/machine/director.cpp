// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/director.h"

#include <algorithm>
#include <utility>

#include "platform/machine/action_words.h"
#include "platform/scenario/build.h"
#include "platform/scenario/overloaded.h"

namespace drydock::machine {
namespace {

constexpr std::uint64_t op_end = UINT64_MAX;
constexpr std::uint64_t op_limit = UINT64_MAX - 1;
constexpr std::string_view in_flight = "i3";

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
      fulfilled_(run.timeline.size() + run.end.when.size() +
                 (run.hazard ? run.hazard->oracle.after.size() : 0)),
      in_vain_(run.timeline.size()),
      oracle_conditions_left_(run.hazard ? run.hazard->oracle.after.size() : 0) {
    for (std::size_t i = 0; i < fulfilled_.size(); ++i) {
        if (const auto* p = std::get_if<scenario::at_point>(&condition(i))) {
            points_.emplace(p->point, awaited_point{p->task, p->point, std::nullopt, p->nth, i});
            watches_flight_ = watches_flight_ || p->point == in_flight;
        }
        if (const auto* r = std::get_if<scenario::on_return>(&condition(i)))
            returns_.emplace(r->task, i);
    }
}

director::~director() { context_.probe.unsubscribe(*this); }

const scenario::condition& director::condition(std::size_t index) const {
    if (index < run_.timeline.size()) return run_.timeline[index].when;
    index -= run_.timeline.size();
    if (index < run_.end.when.size()) return run_.end.when[index];
    return run_.hazard->oracle.after[index - run_.end.when.size()];
}

void director::begin() {
    begun_ = true;
    for (std::size_t i = 0; i < fulfilled_.size(); ++i) watch(condition(i), i);
    for (auto& [point, a] : points_) {
        const auto& p = std::get<scenario::at_point>(condition(a.condition));
        if (!p.device.empty()) a.device = stage_.routing_id_of(p.device).value;
    }
    if (watches_flight_)
        for (const base::kind k : {base::kind::span_begin, base::kind::itag_taken})
            context_.probe.subscribe(*this, k);
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

/// An ATC_INV is born in the task that unmaps; its Invalidate Request leaves when it has its ITag.
void director::flight(const base::event& e) {
    if (e.what == base::kind::span_begin) {
        if (static_cast<base::span_class>(e.a) == base::span_class::atc_inv)
            in_flight_.emplace(e.span.value, e.where);
        return;
    }
    const auto found = in_flight_.find(e.span.value);
    if (found == in_flight_.end()) return;
    const std::string_view place = context_.probe.name(found->second);  // "sw.TASK"
    at_point(place.substr(place.find('.') + 1), in_flight,
             base::routing_id{static_cast<std::uint16_t>(e.b)});
    in_flight_.erase(found);
}

void director::on_event(const base::event& e) {
    if (watches_flight_ && (e.what == base::kind::span_begin || e.what == base::kind::itag_taken))
        flight(e);
    for (pending_event& p : events_) {
        if (p.left == 0 || p.kind != e.what) continue;
        if (p.device && (p.field < 0 || field(e, p.field) != *p.device)) continue;
        // The verb acts after everything else of this instant, never inside the model that spoke.
        if (--p.left == 0)
            context_.timeline.at(context_.now(), base::phase::software, id_, p.condition);
    }
}

/// Whether the name is the one that the condition means: a task's own, that of the client which it
/// works for, or that of threads that are always there.
bool director::stands_at(awaited_point& a, std::string_view task) {
    if (task == a.task) return true;
    if (task.size() > a.task.size() && task.starts_with(a.task) && task[a.task.size()] == '.')
        return true;
    for (const auto& s : scenario::build::standing_tasks())
        if (s.name == a.task) return task.starts_with(s.begins) && task.ends_with(s.ends);
    return false;
}

bool director::at_point(std::string_view task, std::string_view point, base::routing_id device) {
    if (!begun_) return false;
    bool hold = false;
    const auto [first, last] = points_.equal_range(point);
    for (auto it = first; it != last; ++it) {
        awaited_point& a = it->second;
        if (fulfilled_[a.condition] || a.left == 0 || !stands_at(a, task)) continue;
        if (a.device && *a.device != device.value) continue;
        if (--a.left != 0) continue;
        const bool timeline_entry = a.condition < run_.timeline.size();
        const auto* held = timeline_entry
                               ? std::get_if<scenario::do_hold>(&run_.timeline[a.condition].what)
                               : nullptr;
        if (held != nullptr && held->task == a.task) {
            fulfilled_[a.condition] = true;
            hold = hold || !released_before(a.task);
            if (hold) {
                held_[a.task] = std::string(task);
                tell(run_.timeline[a.condition]);
            }
        } else {
            context_.timeline.at(context_.now(), base::phase::software, id_, a.condition);
        }
    }
    return hold;
}

/// A release that came before its hold: the task goes on at once.
bool director::released_before(const std::string& task) {
    const auto early = to_release_.find(task);
    if (early == to_release_.end() || early->second.empty()) return false;
    in_vain_[early->second.front()] = false;
    early->second.erase(early->second.begin());
    return true;
}

/// The n-th release of a task belongs to its n-th hold, whichever comes first.
void director::release(const std::string& task, std::size_t entry) {
    const auto found = held_.find(task);
    if (found != held_.end()) {
        const std::string real = std::exchange(found->second, {});
        held_.erase(found);
        if (stage_.release(real)) return;
    }
    to_release_[task].push_back(entry);
    in_vain_[entry] = true;
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
        const scenario::timeline_entry& entry = run_.timeline[index];
        tell(entry);
        if (const auto* v = std::get_if<scenario::do_release>(&entry.what))
            release(v->task, index);
        else
            carry_out(entry);
    } else if (index >= run_.timeline.size() + run_.end.when.size()) {
        --oracle_conditions_left_;
        oracle_since_ = context_.now();
    } else if (--end_conditions_left_ == 0) {
        end_at_ = context_.now() + run_.end.plus;
        context_.timeline.at(end_at_, base::phase::software, id_, op_end);
    }
}

/// What the timeline does is an event like any other: kind::action.
void director::tell(const scenario::timeline_entry& entry) {
    if (!context_.probe.wants(base::kind::action)) return;
    const action_words words = words_of(entry.what);
    context_.probe.emit(base::kind::action, context_.probe.place("scenario"), context_.now(), {},
                        context_.probe.text(words.verb), context_.probe.text(words.target));
}

void director::carry_out(const scenario::timeline_entry& entry) {
    std::visit(overloaded{
                   [&](const scenario::do_reset& v) { stage_.reset(v); },
                   [&](const scenario::do_start& v) { stage_.start(v); },
                   [&](const scenario::do_attach& v) { stage_.attach(v); },
                   [&](const scenario::do_detach& v) { stage_.detach(v); },
                   [&](const scenario::do_inject& v) { stage_.inject(v); },
                   [&](const scenario::do_set& v) { stage_.set(v); },
                   [&](const scenario::do_unmap& v) { stage_.unmap(v); },
                   [&](const scenario::do_use& v) { stage_.use(v); },
                   [&](const scenario::do_call& v) { stage_.call(v); },
                   [&](const scenario::do_manage& v) { stage_.manage(v); },
                   [&](const scenario::do_free& v) { stage_.free(v); },
                   [&](const scenario::do_fail& v) { stage_.fail(v); },
                   [](const scenario::do_release&) {},  // above
                   // A hold takes effect where its task reaches the point.
                   [](const scenario::do_hold&) {},
               },
               entry.what);
}

std::vector<std::string> director::never_happened() const {
    std::vector<std::string> places;
    if (!ended_) return places;  // stopped by somebody else: more might have happened
    for (std::size_t i = 0; i < run_.timeline.size(); ++i) {
        if (run_.timeline[i].optional) continue;
        if (!fulfilled_[i]) places.push_back(run_.timeline[i].where.text());
        if (in_vain_[i])
            places.push_back(run_.timeline[i].where.text() + ", a release of what nobody held");
    }
    if (end_conditions_left_ > 0) places.emplace_back("end.when, before end.limit");
    return places;
}

std::optional<base::ps> director::oracle_since() const {
    if (oracle_conditions_left_ != 0) return std::nullopt;
    return oracle_since_;
}

}  // namespace drydock::machine
