// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/async_inv.h"

#include <utility>

#include "sw/arm_smmu_v3/domain.h"

namespace drydock::sw {

arm_smmu_async_inv::arm_smmu_async_inv(kernel& k)
    : kernel_(k), work_("arm_smmu_async_inv", [this] { run(); }) {}

void arm_smmu_async_inv::add(job j) {
    jobs_.push_back(std::move(j));
    kernel_.schedule_work(work_, kernel_.current_cpu());
}

void arm_smmu_async_inv::run() {
    for (const job& j : std::exchange(jobs_, {})) j.domain->inv_atcs(*j.invs, j.iova, j.size);
}

}  // namespace drydock::sw
