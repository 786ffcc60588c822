package dev.treaty.benchmarks.balance;

import com.twitter.finagle.Address;
import com.twitter.finagle.ClientConnection;
import com.twitter.finagle.NoBrokersAvailableException;
import com.twitter.finagle.Service;
import com.twitter.finagle.ServiceFactory;
import com.twitter.finagle.Stack;
import com.twitter.finagle.loadbalancer.Balancers$;
import com.twitter.finagle.loadbalancer.EndpointFactory;
import com.twitter.finagle.loadbalancer.LazyEndpointFactory;
import com.twitter.util.Activity$;
import com.twitter.util.Await;
import com.twitter.util.Future;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import scala.collection.immutable.IndexedSeq;
import scala.jdk.javaapi.CollectionConverters;

/** Finagle's power of two choices with peak-EWMA: a service is taken from the balancer, and closed. */
public class FinaglePicks {
    /** A balancer over endpoints that answer at once. */
    @State(Scope.Benchmark)
    public static class Balancer {
        @Param({"10", "1000", "100000"})
        int count;

        @Nullable
        ServiceFactory<String, String> balancer;

        /** Makes the endpoints. */
        @Setup
        public void start() {
            List<EndpointFactory<String, String>> endpoints = new ArrayList<>();
            for (int n = 0; n < count; n++) {
                Service<String, String> answer = new Service<>() {
                    @Override
                    public Future<String> apply(String request) {
                        return Future.value(request);
                    }
                };
                ServiceFactory<String, String> factory = ServiceFactory.constant(answer);
                endpoints.add(new LazyEndpointFactory<>(() -> factory, Address.apply(1 + n % 65_000)));
            }
            IndexedSeq<EndpointFactory<String, String>> all =
                    CollectionConverters.asScala(endpoints).toIndexedSeq();
            var balancers = Balancers$.MODULE$;
            balancer = balancers
                    .p2cPeakEwma(balancers.p2cPeakEwma$default$1(), balancers.p2cPeakEwma$default$2())
                    .newBalancer(
                            Activity$.MODULE$.value(all),
                            new NoBrokersAvailableException("bench"),
                            Stack.Params$.MODULE$.empty());
        }
    }

    /** As a client does it for each request. */
    @Benchmark
    public Object own(Balancer state) throws Exception {
        ServiceFactory<String, String> balancer = state.balancer;
        if (balancer == null) {
            throw new IllegalStateException("not set up");
        }
        Service<String, String> service = Await.result(balancer.apply(ClientConnection.nil()));
        service.close();
        return service;
    }
}
