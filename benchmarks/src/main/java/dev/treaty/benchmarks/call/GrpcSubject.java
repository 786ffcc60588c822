package dev.treaty.benchmarks.call;

import dev.treaty.certificates.IssuedCertificate;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
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

    private final boolean tls;

    GrpcSubject(boolean tls) {
        this.tls = tls;
    }

    @Override
    public String name() {
        return tls ? "grpc-tls" : "grpc";
    }

    @Override
    public String about() {
        return "gRPC-java (netty-shaded) over HTTP/2, one channel, blocking calls with a deadline, handlers on virtual"
                + " threads; the order in protocol buffers' encoding, "
                + OrderMarshaller.encode(Order.example(1)).length + " bytes"
                + (tls ? "; with TLS of the JDK's provider" : "");
    }

    private static SslContext serverTls() throws IOException {
        IssuedCertificate own = BenchmarkTls.certificate();
        return tls(SslContextBuilder.forServer(own.key(), own.certificate()));
    }

    private static SslContext clientTls() throws IOException {
        return tls(SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE));
    }

    private static SslContext tls(SslContextBuilder builder) throws IOException {
        return GrpcSslContexts.configure(builder, SslProvider.JDK)
                .protocols(BenchmarkTls.PROTOCOL)
                .ciphers(List.of(BenchmarkTls.CIPHER_SUITE))
                .build();
    }

    @Override
    public Server serve() throws IOException {
        var executor = Executors.newVirtualThreadPerTaskExecutor();
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        io.grpc.Server server = (tls
                        ? NettyServerBuilder.forAddress(address).sslContext(serverTls())
                        : NettyServerBuilder.forAddress(address, InsecureServerCredentials.create()))
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
    public Client connect(int port) throws IOException {
        ManagedChannel channel = tls
                ? NettyChannelBuilder.forAddress("127.0.0.1", port)
                        .sslContext(clientTls())
                        .build()
                : Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
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
