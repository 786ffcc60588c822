package dev.treaty.benchmarks.balance;

import io.grpc.Attributes;
import io.grpc.ChannelLogger;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.SynchronizationContext;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** gRPC's own round_robin, as its channel builds it, over connections that are ready. It knows no load. */
public class GrpcPicks {
    /** The picker that the balancer gives its channel. */
    @State(Scope.Benchmark)
    public static class Balancer {
        @Param({"10", "1000"})
        int count;

        @Nullable
        SubchannelPicker picker;

        final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

        /** Resolves the addresses and connects. */
        @Setup
        public void start() {
            var context = new SynchronizationContext((_, e) -> {
                throw new IllegalStateException(e);
            });
            var provider = LoadBalancerRegistry.getDefaultRegistry().getProvider("round_robin");
            if (provider == null) {
                throw new IllegalStateException("gRPC has no round_robin");
            }
            context.execute(() -> {
                LoadBalancer balancer = provider.newLoadBalancer(new Channel(this, context));
                List<EquivalentAddressGroup> addresses = new ArrayList<>();
                for (int n = 0; n < count; n++) {
                    addresses.add(new EquivalentAddressGroup(InetSocketAddress.createUnresolved("i" + n, 80)));
                }
                balancer.acceptResolvedAddresses(
                        ResolvedAddresses.newBuilder().setAddresses(addresses).build());
            });
        }

        /** Ends the timer. */
        @TearDown
        public void stop() {
            timer.shutdownNow();
        }
    }

    /** Logs nothing. */
    private static final ChannelLogger SILENT = new ChannelLogger() {
        @Override
        public void log(ChannelLogLevel level, String message) {
            // it is not read
        }

        @Override
        public void log(ChannelLogLevel level, String format, @Nullable Object... arguments) {
            // it is not read
        }
    };

    /** A channel whose connections are ready at once. */
    private static final class Channel extends LoadBalancer.Helper {
        private final Balancer state;
        private final SynchronizationContext context;

        Channel(Balancer state, SynchronizationContext context) {
            this.state = state;
            this.context = context;
        }

        @Override
        public Subchannel createSubchannel(CreateSubchannelArgs arguments) {
            return new Ready(arguments, context);
        }

        @Override
        public void updateBalancingState(ConnectivityState now, SubchannelPicker picker) {
            state.picker = picker;
        }

        @Override
        public SynchronizationContext getSynchronizationContext() {
            return context;
        }

        @Override
        public ScheduledExecutorService getScheduledExecutorService() {
            return state.timer;
        }

        @Override
        public ChannelLogger getChannelLogger() {
            return SILENT;
        }

        @Override
        public ManagedChannel createOobChannel(EquivalentAddressGroup address, String authority) {
            throw new UnsupportedOperationException("there is only this channel");
        }

        @Override
        public String getAuthority() {
            return "bench";
        }
    }

    private static final class Ready extends Subchannel {
        private final CreateSubchannelArgs arguments;
        private final SynchronizationContext context;
        private @Nullable SubchannelStateListener listener;

        Ready(CreateSubchannelArgs arguments, SynchronizationContext context) {
            this.arguments = arguments;
            this.context = context;
        }

        @Override
        public void start(SubchannelStateListener told) {
            listener = told;
        }

        @Override
        public void requestConnection() {
            SubchannelStateListener told = listener;
            if (told != null) {
                context.execute(
                        () -> told.onSubchannelState(ConnectivityStateInfo.forNonError(ConnectivityState.READY)));
                SubchannelStateListener health = arguments.getOption(LoadBalancer.HEALTH_CONSUMER_LISTENER_ARG_KEY);
                if (health != null) {
                    context.execute(
                            () -> health.onSubchannelState(ConnectivityStateInfo.forNonError(ConnectivityState.READY)));
                }
            }
        }

        @Override
        public List<EquivalentAddressGroup> getAllAddresses() {
            return arguments.getAddresses();
        }

        @Override
        public Attributes getAttributes() {
            return arguments.getAttributes();
        }

        @Override
        public void shutdown() {}
    }

    /** One pick. */
    @Benchmark
    @SuppressWarnings("NullAway") // this picker looks at none of its arguments
    public Object own(Balancer state) {
        SubchannelPicker picker = state.picker;
        if (picker == null) {
            throw new IllegalStateException("not set up");
        }
        var result = picker.pickSubchannel(null);
        if (result.getSubchannel() == null) {
            throw new IllegalStateException("no connection is ready: " + result);
        }
        return result;
    }
}
