// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/ordering.h"

namespace drydock::pcie {
namespace {

bool pasids_differ(const tlp& a, const tlp& b) {
    return a.pasid && b.pasid && a.pasid->pasid != b.pasid->pasid;
}

bool by_id(const tlp& later, const tlp& earlier) {
    if (!later.id_based_ordering) return false;
    switch (later.flow_class()) {
        case fc_class::posted:
            return later.requester != earlier.requester || pasids_differ(later, earlier);
        case fc_class::non_posted:
            return later.requester != earlier.requester;
        case fc_class::completion:
            return later.completer != earlier.requester;
    }
    return false;
}

}  // namespace

bool may_pass_all_posted(const tlp& later) {
    switch (later.flow_class()) {
        case fc_class::posted:
            return later.relaxed_ordering;
        case fc_class::non_posted:
            return later.has_data() && later.relaxed_ordering;
        case fc_class::completion:  // one without data that is a success answers such a write
            return later.relaxed_ordering ||
                   (later.type == tlp_type::cpl && later.status == cpl_status::success);
    }
    return false;
}

bool may_pass(const tlp& later, const tlp& earlier) {
    switch (earlier.flow_class()) {
        case fc_class::posted:
            return may_pass_all_posted(later) || by_id(later, earlier);
        case fc_class::non_posted:
            return true;
        case fc_class::completion:
            return !later.is_completion() || later.requester != earlier.requester ||
                   later.tag != earlier.tag;
    }
    return false;
}

}  // namespace drydock::pcie
