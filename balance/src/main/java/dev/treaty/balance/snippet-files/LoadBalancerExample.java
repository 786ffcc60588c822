import dev.treaty.balance.LoadBalancer;

class LoadBalancerExample {
    // @start region="balancer"
    LoadBalancer firstAvailable = (candidates, call, nowNanos) -> {
        for (int i = 0; i < candidates.size(); i++) {
            if (candidates.available(i, nowNanos)) {
                return i;
            }
        }
        return LoadBalancer.NONE;
    };
    // @end
}
