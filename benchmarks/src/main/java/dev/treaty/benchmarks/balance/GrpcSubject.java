package dev.treaty.benchmarks.balance;

import io.grpc.CallOptions;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** gRPC-java with round_robin, which is what it offers without a control plane. */
final class GrpcSubject implements Subject {
    private static final byte[] QUESTION = "how".getBytes(StandardCharsets.UTF_8);

    private final ManagedChannel channel;

    GrpcSubject(List<Integer> ports) {
        NameResolverRegistry.getDefaultRegistry().register(new Fixed(ports));
        channel = NettyChannelBuilder.forTarget("tail:///instances")
                .usePlaintext()
                .defaultLoadBalancingPolicy("round_robin")
                .enableRetry()
                .defaultServiceConfig(Map.of(
                        "methodConfig",
                        List.of(Map.of(
                                "name",
                                List.of(Map.of()),
                                "retryPolicy",
                                Map.of(
                                        "maxAttempts",
                                        (double) ATTEMPTS,
                                        "initialBackoff",
                                        "0.02s",
                                        "maxBackoff",
                                        "1s",
                                        "backoffMultiplier",
                                        2.0,
                                        "retryableStatusCodes",
                                        List.of("UNAVAILABLE"))))))
                .build();
    }

    @Override
    public boolean call() {
        try {
            var options = CallOptions.DEFAULT.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            return ClientCalls.blockingUnaryCall(channel, Instances.ASK, options, QUESTION).length > 0;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /** Resolves to the ten instances. */
    private static final class Fixed extends NameResolverProvider {
        private final List<Integer> ports;

        Fixed(List<Integer> ports) {
            this.ports = ports;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 5;
        }

        @Override
        public String getDefaultScheme() {
            return "tail";
        }

        @Override
        public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
            return List.of(InetSocketAddress.class);
        }

        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args arguments) {
            return new NameResolver() {
                @Override
                public String getServiceAuthority() {
                    return "instances";
                }

                @Override
                public void start(Listener2 listener) {
                    List<EquivalentAddressGroup> addresses = ports.stream()
                            .map(port -> new EquivalentAddressGroup(
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port)))
                            .toList();
                    listener.onResult(ResolutionResult.newBuilder()
                            .setAddressesOrError(StatusOr.fromValue(addresses))
                            .build());
                }

                @Override
                public void shutdown() {}
            };
        }
    }
}
