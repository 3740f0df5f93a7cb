// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/dpc_containment_rtl.h"
#include "tests/tlm/root_complex/containment_under_test.h"

namespace drydock::test {

std::unique_ptr<root_complex::containment_if> make_containment(
    std::string_view name, base::context& ctx, const root_complex::containment_config& c,
    root_complex::containment_client& client) {
    return std::make_unique<rtl::dpc_containment_rtl>(name, ctx, c, client);
}

}  // namespace drydock::test
