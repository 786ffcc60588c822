package dev.treaty.benchmarks.balance;

import java.util.ArrayList;
import java.util.List;
import org.apache.dubbo.common.URL;
import org.apache.dubbo.rpc.Invocation;
import org.apache.dubbo.rpc.Invoker;
import org.apache.dubbo.rpc.Result;
import org.apache.dubbo.rpc.RpcInvocation;
import org.apache.dubbo.rpc.RpcStatus;
import org.apache.dubbo.rpc.cluster.LoadBalance;
import org.apache.dubbo.rpc.cluster.loadbalance.LeastActiveLoadBalance;
import org.apache.dubbo.rpc.cluster.loadbalance.ShortestResponseLoadBalance;
import org.apache.dubbo.rpc.model.ApplicationModel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Dubbo's balancers that know load: select, begin and end in its statistics. */
public class DubboPicks {
    /** Invokers that do nothing. */
    @State(Scope.Benchmark)
    public static class Balancer {
        @Param({"10", "1000"})
        int count;

        final URL url = URL.valueOf("consumer://127.0.0.1/bench.Service");

        @SuppressWarnings("deprecation") // the others want what only a consumer of Dubbo has
        final Invocation invocation = new RpcInvocation();

        final LoadBalance leastActive = new LeastActiveLoadBalance();
        final ShortestResponseLoadBalance shortestResponse = new ShortestResponseLoadBalance();
        final List<Invoker<Object>> invokers = new ArrayList<>();

        /** Makes the invokers. */
        @Setup
        public void start() {
            ((RpcInvocation) invocation).setMethodName("op");
            shortestResponse.setApplicationModel(ApplicationModel.defaultModel());
            for (int n = 0; n < count; n++) {
                var invoker = new Nothing(URL.valueOf("dubbo://10.0." + n / 250 + "." + n % 250 + ":80/bench.Service"));
                invokers.add(invoker);
                RpcStatus.beginCount(invoker.getUrl(), "op");
                RpcStatus.endCount(invoker.getUrl(), "op", 1, true);
            }
        }
    }

    private record Nothing(URL url) implements Invoker<Object> {
        @Override
        public Class<Object> getInterface() {
            return Object.class;
        }

        @Override
        public Result invoke(Invocation invocation) {
            throw new UnsupportedOperationException("it is only picked");
        }

        @Override
        public URL getUrl() {
            return url;
        }

        @Override
        public boolean isAvailable() {
            return true;
        }

        @Override
        public void destroy() {}
    }

    /** The one with the fewest calls under way. */
    @Benchmark
    public Object leastActive(Balancer state) {
        return select(state, state.leastActive);
    }

    /** The one with the shortest response. */
    @Benchmark
    public Object shortestResponse(Balancer state) {
        return select(state, state.shortestResponse);
    }

    private static Object select(Balancer state, LoadBalance balance) {
        Invoker<Object> invoker = balance.select(state.invokers, state.url, state.invocation);
        RpcStatus.beginCount(invoker.getUrl(), "op");
        RpcStatus.endCount(invoker.getUrl(), "op", 1, true);
        return invoker;
    }
}
