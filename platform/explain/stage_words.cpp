// SPDX-License-Identifier: Apache-2.0
#include "platform/explain/stage_words.h"

#include <algorithm>
#include <array>

namespace drydock::explain {
namespace {

constexpr role sw = role::software, hw = role::smmu, line = role::link, dev = role::device;

constexpr std::array<stage_words, 29> all{{
    {"sw_lock", sw, "the driver takes room in the command queue", sw, sw, ""},
    {"sw_issue", sw, "the driver writes the commands and PROD", sw, hw, "ATC_INV, SYNC (PROD)"},
    {"cmdq_wait", hw, "commands ahead of it in the queue", hw, hw, ""},
    {"cmdq_fetch", hw, "the SMMU fetches the command", hw, hw, ""},
    {"dispatch", hw, "the SMMU decodes it", hw, hw, ""},
    {"itag_wait", hw, "it waits for an ITag", hw, hw, ""},
    {"request_queue", line, "the request waits for the link", hw, hw, ""},
    {"request_flight", line, "the request is under way", hw, dev, "Invalidate Request"},
    {"atc_queue", dev, "the request waits for the ATC", dev, dev, ""},
    {"atc_process", dev, "the ATC removes the entries", dev, dev, ""},
    {"drain", dev, "transfers that use the old translation end", dev, dev, ""},
    {"completion_queue", dev, "the completion waits behind posted writes", dev, dev, ""},
    {"completion_flight", line, "the completion is under way", dev, hw, "Invalidate Completion"},
    {"match", hw, "the SMMU retires the ITag, older writes are performed", hw, hw, ""},
    {"lost", dev, "no answer comes, until the ITag's time is over", dev, dev, ""},
    {"error_restart", hw, "CERROR_ATC_INV_SYNC, GERROR; software acknowledges", hw, sw,
     "GERROR: ATC invalidate timeout"},
    {"sync", hw, "the SYNC is consumed", hw, hw, ""},
    {"sw_observe", sw, "the driver's poll finds the SYNC consumed", hw, sw, "CONS: SYNC is done"},
    {"pte", sw, "the page table entry is cleared", sw, sw, ""},
    {"tlbi", sw, "the driver writes TLBI and SYNC", sw, hw, "TLBI, SYNC (PROD)"},
    {"tlbi_sync", hw, "the TLBI and its SYNC pass the queue, the driver polls", hw, sw,
     "CONS: SYNC is done"},
    {"atc_inv", sw, "the driver writes ATC_INV and SYNC", sw, hw, "ATC_INV, SYNC (PROD)"},
    {"atc_sync", hw, "the ATC is invalidated and the SYNC passes the queue, the driver polls", hw,
     sw, "CONS: SYNC is done"},
    {"translate", hw, "the SMMU translates: TLB, or a walk", hw, hw, ""},
    {"group_wait", dev, "the request waits for its turn at the function", dev, dev, ""},
    {"sw_notice", hw, "it stands in the PRI queue until the driver looks", hw, sw,
     "PRI queue entry"},
    {"sw_handle", sw, "the driver handles the fault", sw, hw, "CMD_PRI_RESP"},
    {"response_flight", line, "the response is under way", hw, dev, "PRG Response"},
    {"rest", sw, "outside of all stages", sw, sw, ""},
}};

/// Stages that have a name in common with those of an invalidation, but go the other way.
constexpr stage_words translation_request{
    "request_flight", line, "the request is under way", dev, hw, "Translation Request"};
constexpr stage_words translation_completion{
    "completion_flight", line, "the completion is under way", hw, dev, "Translation Completion"};
constexpr stage_words page_request{"request_flight", line, "the request is under way", dev, hw,
                                   "Page Request"};
constexpr stage_words unknown{"", sw, "", sw, sw, ""};

}  // namespace

std::string_view word(role r) {
    constexpr std::string_view words[] = {"software", "SMMU", "link", "device"};
    return words[static_cast<std::size_t>(r)];
}

const stage_words& words_of(std::string_view stage, std::string_view transaction_class) {
    if (transaction_class == "translation" && stage == "request_flight") return translation_request;
    if (transaction_class == "translation" && stage == "completion_flight")
        return translation_completion;
    if (transaction_class == "page_request" && stage == "request_flight") return page_request;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const stage_words& w) { return w.stage == stage; });
    return found != all.end() ? *found : unknown;
}

}  // namespace drydock::explain
