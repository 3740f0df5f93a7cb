// SPDX-License-Identifier: Apache-2.0
#include "sw/pci/device.h"

namespace drydock::sw {

call_scope::call_scope(kernel& k, std::string_view function, u16 device)
    : k_(k), function_(k.observe().text(function)), device_(device) {
    k_.observe().emit(hal::note::call, k_.current_place(), k_.current_span(), function_, device_);
    k_.spend(k_.costs().function_call);
}

call_scope::~call_scope() {
    k_.observe().emit(hal::note::ret, k_.current_place(), k_.current_span(), function_, device_,
                      static_cast<u64>(static_cast<std::int64_t>(result_)));
}

}  // namespace drydock::sw
