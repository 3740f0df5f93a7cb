// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/time.h"
#include "tlm/endpoint/atc.h"
#include "tlm/endpoint/dma_engine.h"
#include "tlm/endpoint/page_requester.h"
#include "tlm/pcie/config_image.h"

namespace drydock::endpoint {

/// Everything that may differ between endpoints.
struct endpoint_config {
    pcie::config_image image;  ///< type 0 header; see config_image_builder, parse_lspci_dump
    atc_config atc;            ///< used if the image has the ATS capability
    dma_config dma;
    page_config pages;                         ///< used if the image has the PRI capability
    base::ps flr_time{100'000'000'000};        ///< from Initiate FLR to ready; PCIe: 100 ms
    bool answer_config_in_flr = false;         ///< false: config requests get RRS until ready
    base::ps cxl_reset_time{100'000'000'000};  ///< from Initiate CXL Reset to ready
    base::ps vf_ready_time{100'000'000'000};   ///< of a VF, from VF Enable to ready; PCIe: 100 ms
    base::ps ready_after_reset{0};  ///< from link up to ready; config requests get RRS until then
    base::ps turn_round{50'000};    ///< request to its completion; PCIe: 50 ns
    base::ps completion_timeout{50'000'000'000};  ///< of range 0 (default); PCIe: 50 us .. 50 ms
    unsigned posted_queue = 16;                   ///< TLPs, 1..1024
    unsigned non_posted_queue = 16;               ///< TLPs, 1..1024
    bool refuse_pasid_invalidates =
        false;  ///< PASID Enable = 0: prefixed Invalidate Requests are UR (PCIe `ur`)
};

}  // namespace drydock::endpoint
