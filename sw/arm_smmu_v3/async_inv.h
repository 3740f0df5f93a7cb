// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sw/kernel/work.h"

namespace drydock::sw {

class arm_smmu_domain;
class arm_smmu_invs;

/// ATC_INVs that unmaps leave to a worker: their callers free the pages while devices may still
/// hold translations. Rejected on the mailing list (linux-flow 6 row 44), here to show why (H-71).
class arm_smmu_async_inv {
public:
    explicit arm_smmu_async_inv(kernel& k);
    struct job {
        arm_smmu_domain* domain;
        std::shared_ptr<arm_smmu_invs> invs;  ///< as the unmap found it
        u64 iova, size;
    };
    /// From any context of a task. In the order of the calls, one after the other.
    void add(job);

private:
    void run();

    kernel& kernel_;
    work work_;
    std::vector<job> jobs_;
};

}  // namespace drydock::sw
