package dev.treaty.benchmarks.balance;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.cloud.client.DefaultServiceInstance;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.DefaultRequest;
import org.springframework.cloud.client.loadbalancer.DefaultRequestContext;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.loadbalancer.core.CachingServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.RoundRobinLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Spring Cloud LoadBalancer as it comes: round robin over a cached list, asked by a blocking client. */
public class SpringPicks {
    /** A balancer over a list that is cached. */
    @State(Scope.Benchmark)
    public static class Balancer {
        @Param({"10", "1000", "100000"})
        int count;

        final Request<?> request = new DefaultRequest<>(new DefaultRequestContext());

        @Nullable
        RoundRobinLoadBalancer balancer;

        /** Makes the instances. */
        @Setup
        public void start() {
            List<ServiceInstance> instances = new ArrayList<>();
            for (int n = 0; n < count; n++) {
                instances.add(new DefaultServiceInstance("i" + n, "bench", "127.0.0.1", 1 + n % 65_000, false));
            }
            var supplier = new CachingServiceInstanceListSupplier(
                    new ServiceInstanceListSupplier() {
                        @Override
                        public String getServiceId() {
                            return "bench";
                        }

                        @Override
                        public Flux<List<ServiceInstance>> get() {
                            return Flux.just(instances);
                        }
                    },
                    new ConcurrentMapCacheManager(CachingServiceInstanceListSupplier.SERVICE_INSTANCE_CACHE_NAME));
            balancer = new RoundRobinLoadBalancer(new Given<ServiceInstanceListSupplier>(supplier), "bench");
        }
    }

    private record Given<T>(T value) implements ObjectProvider<T> {
        @Override
        public T getObject() {
            return value;
        }

        @Override
        public T getIfAvailable() {
            return value;
        }

        @Override
        public T getIfUnique() {
            return value;
        }

        @Override
        public T getObject(@Nullable Object... arguments) {
            return value;
        }

        @Override
        public Iterator<T> iterator() {
            return List.of(value).iterator();
        }

        @Override
        public Stream<T> stream() {
            return Stream.of(value);
        }
    }

    /** As its blocking client does it for each request. */
    @Benchmark
    public @Nullable Object own(Balancer state) {
        RoundRobinLoadBalancer balancer = state.balancer;
        if (balancer == null) {
            throw new IllegalStateException("not set up");
        }
        return Mono.from(balancer.choose(state.request)).block();
    }
}
