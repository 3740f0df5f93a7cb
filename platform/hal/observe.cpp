// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/observe.h"

namespace drydock::hal_systemc {
namespace {

using base::kind;
using sw::hal::note;

// One line per note: the table above is held against the names, so that a note inserted in one
// place only shows.
static_assert(kind_of(note::span_begin) == kind::span_begin &&
              kind_of(note::span_end) == kind::span_end && kind_of(note::stage) == kind::stage &&
              kind_of(note::point) == kind::sw_point);
static_assert(kind_of(note::call) == kind::sw_call && kind_of(note::ret) == kind::sw_return &&
              kind_of(note::task) == kind::sw_task && kind_of(note::irqs_off) == kind::sw_irqs_off);
static_assert(kind_of(note::irqs_on) == kind::sw_irqs_on &&
              kind_of(note::interrupt) == kind::sw_interrupt &&
              kind_of(note::lock) == kind::sw_lock && kind_of(note::unlock) == kind::sw_unlock);
static_assert(kind_of(note::might_sleep) == kind::sw_might_sleep &&
              kind_of(note::warn) == kind::sw_warn && kind_of(note::log) == kind::sw_log &&
              kind_of(note::attach) == kind::sw_attach);
static_assert(kind_of(note::detach) == kind::sw_detach && kind_of(note::map) == kind::sw_map &&
              kind_of(note::unmap_begin) == kind::sw_unmap_begin &&
              kind_of(note::unmap_complete) == kind::sw_unmap_complete);
static_assert(kind_of(note::page) == kind::sw_page &&
              kind_of(note::device_blocked) == kind::sw_device_blocked &&
              kind_of(note::op_due) == kind::sw_op_due &&
              kind_of(note::op_begin) == kind::sw_op_begin);
static_assert(kind_of(note::op_end) == kind::sw_op_end &&
              kind_of(note::refcount) == kind::sw_refcount &&
              kind_of(note::poll_timeout) == kind::sw_poll_timeout &&
              kind_of(note::view) == kind::sw_view);
static_assert(kind_of(note::object) == kind::sw_object &&
              kind_of(note::lock_wait) == kind::sw_lock_wait);
// Every kind of software has its note: they lie side by side in the probe's list.
static_assert(static_cast<unsigned>(kind::sw_lock_wait) - static_cast<unsigned>(kind::sw_point) +
                  1 ==
              static_cast<unsigned>(note::count_) - static_cast<unsigned>(note::point));

template <class A, class B>
constexpr bool same(A a, B b) {
    return static_cast<unsigned>(a) == static_cast<unsigned>(b);
}
using ours = base::span_class;
using theirs = sw::hal::span_class;
static_assert(same(ours::none, theirs::none) && same(ours::unmap, theirs::unmap) &&
              same(ours::atc_inv, theirs::atc_inv) && same(ours::tlbi, theirs::tlbi) &&
              same(ours::cfgi, theirs::cfgi) && same(ours::sync, theirs::sync) &&
              same(ours::translation, theirs::translation) &&
              same(ours::page_request, theirs::page_request) && same(ours::dma, theirs::dma) &&
              same(ours::reset, theirs::reset) && same(ours::call, theirs::call));

}  // namespace

sw::hal::text_id observe::text(std::string_view s) {
    const auto found = texts_.find(s);
    if (found != texts_.end()) return found->second;
    return texts_.emplace(std::string(s), ctx_.probe.text(s)).first->second;
}

}  // namespace drydock::hal_systemc
