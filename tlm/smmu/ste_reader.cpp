// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/ste_reader.h"

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {
namespace {

constexpr unsigned ste_bytes = 64, l1_bytes = 8;

}  // namespace

void ste_reader::read(base::stream_id sid) {
    busy_ = true;
    sid_ = sid;
    if (!table_.in_range(sid))
        fail(event_id::c_bad_streamid, std::nullopt);
    else if (table_.two_level())
        memory_.read(*this, level1, table_.l1_address(sid), l1_bytes);
    else
        read_entry(table_.ste_address(sid));
}

void ste_reader::read_entry(std::optional<base::phys_addr> at) {
    if (at)
        memory_.read(*this, entry, *at, ste_bytes);
    else
        fail(event_id::c_bad_streamid, std::nullopt);
}

void ste_reader::fail(event_id what, std::optional<base::phys_addr> fetch) {
    busy_ = false;
    client_.ste_read(nullptr, fetch ? make_fetch_event(what, sid_, std::nullopt, *fetch)
                                    : make_config_event(what, sid_, std::nullopt));
}

void ste_reader::answered(std::uint64_t what, tlm::tlm_generic_payload& gp) {
    if (gp.is_response_error()) {
        fail(event_id::f_ste_fetch, base::phys_addr{gp.get_address()});
    } else if (what == level1) {
        read_entry(
            table_.ste_address(sid_, decode_l1_stream_descriptor(load_le(gp.get_data_ptr()))));
    } else {
        structure_words words;
        for (unsigned i = 0; i < words.size(); ++i) words[i] = load_le(gp.get_data_ptr() + 8 * i);
        const ste decoded = decode_ste(words);
        if (illegal_ste_rule(decoded, config_) != 0) {
            fail(event_id::c_bad_ste, std::nullopt);
        } else {
            busy_ = false;
            client_.ste_read(&decoded, std::nullopt);
        }
    }
}

}  // namespace drydock::smmu
