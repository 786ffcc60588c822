package dev.treaty.benchmarks.call;

import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** gRPC-java as its users have it: a blocking stub, one channel, and handlers that may block. */
final class GrpcSubject implements Subject {
    private static final MethodDescriptor<Order, Order> ECHO = MethodDescriptor.<Order, Order>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName("bench.Echo/echo")
            .setRequestMarshaller(new OrderMarshaller())
            .setResponseMarshaller(new OrderMarshaller())
            .setIdempotent(true)
            .build();

    @Override
    public String name() {
        return "grpc";
    }

    @Override
    public String about() {
        return "gRPC-java (netty-shaded) over HTTP/2, one channel, blocking calls with a deadline, handlers on virtual"
                + " threads; the order in protocol buffers' encoding, "
                + OrderMarshaller.encode(Order.example(1)).length + " bytes";
    }

    @Override
    public Server serve() throws IOException {
        var executor = Executors.newVirtualThreadPerTaskExecutor();
        io.grpc.Server server = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), InsecureServerCredentials.create())
                .executor(executor)
                .addService(ServerServiceDefinition.builder("bench.Echo")
                        .addMethod(ECHO, ServerCalls.asyncUnaryCall((order, answer) -> {
                            answer.onNext(order);
                            answer.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        return new Server() {
            @Override
            public int port() {
                return server.getPort();
            }

            @Override
            public void close() {
                server.shutdownNow();
                executor.shutdownNow();
            }
        };
    }

    @Override
    public Client connect(int port) {
        ManagedChannel channel = Grpc.newChannelBuilderForAddress(
                        "127.0.0.1", port, InsecureChannelCredentials.create())
                .build();
        return new Client() {
            @Override
            public Caller caller() {
                return message -> {
                    CallOptions options =
                            CallOptions.DEFAULT.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
                    return ClientCalls.blockingUnaryCall(channel, ECHO, options, message.order())
                            .equals(message.order());
                };
            }

            @Override
            public void close() {
                channel.shutdownNow();
            }
        };
    }
}
