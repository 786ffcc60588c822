package dev.treaty.http.client;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.health.HealthProbe;
import dev.treaty.core.time.Time;
import dev.treaty.http.wire.EventLoopThreads;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A health probe that calls {@code grpc.health.v1.Health/Check}. Its two messages have one field each, so they are
 * encoded and decoded here without generated code.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/health-checking.md">GRPC Health Checking Protocol</a>
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the channel
public final class GrpcHealth implements HealthProbe {
    private static final String PATH = "/grpc.health.v1.Health/Check";
    /** The prefix of a message: a compression flag and the length. */
    private static final int PREFIX_BYTES = 5;

    /** The maximum length of the name, which is encoded in one byte. */
    private static final int NAME_BYTES_MAX = 127;

    private static final int ANSWER_BYTES_MAX = 1_024;
    private static final int SERVING = 1;

    private final ServiceEndpoint endpoint;
    private final String service;
    private final boolean tls;
    private final Duration timeout;
    private final Time time;

    /**
     * Creates a probe of a service at an endpoint.
     *
     * @param service the name of the gRPC service, at most {@value #NAME_BYTES_MAX} bytes; empty for the whole server
     * @param timeout the maximum time to connect, and to answer
     * @throws IllegalArgumentException if the name is longer
     */
    public GrpcHealth(ServiceEndpoint endpoint, boolean tls, String service, Duration timeout, Time time) {
        if (service.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
            throw new IllegalArgumentException("the name of a gRPC service has at most " + NAME_BYTES_MAX + " bytes");
        }
        this.endpoint = endpoint;
        this.service = service;
        this.tls = tls;
        this.timeout = timeout;
        this.time = time;
    }

    @Override
    public ServiceHealth probe() {
        var loop = new MultiThreadIoEventLoopGroup(
                1, EventLoopThreads.named("treaty-grpc-health"), NioIoHandler.newFactory());
        try {
            return health(call(loop).get(timeout.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return health(Status.CRITICAL, "the probe was interrupted");
        } catch (IOException | ExecutionException | TimeoutException e) {
            return health(Status.CRITICAL, endpoint.authority() + " does not answer in gRPC");
        } finally {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
    }

    /** What the server answered: headers and trailers together, and the message. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Answer(Http2Headers headers, byte[] message) {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name)).map(CharSequence::toString);
        }
    }

    private CompletableFuture<Answer> call(MultiThreadIoEventLoopGroup loop) throws IOException {
        SslContext encryption = tls ? encryption() : null;
        var answer = new CompletableFuture<Answer>();
        var connected = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (encryption != null) {
                            channel.pipeline()
                                    .addLast(encryption.newHandler(channel.alloc(), endpoint.host(), endpoint.port()));
                        }
                        channel.pipeline()
                                .addLast(
                                        Http2FrameCodecBuilder.forClient().build(),
                                        new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                                        new Answered(answer));
                    }
                })
                .connect(new InetSocketAddress(endpoint.host(), endpoint.port()))
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException(connected.cause());
        }
        new Http2StreamChannelBootstrap(connected.channel())
                .handler(new Answered(answer))
                .open()
                .addListener(opened -> {
                    if (opened.isSuccess()) {
                        send((Channel) opened.getNow());
                    } else {
                        answer.completeExceptionally(opened.cause());
                    }
                });
        return answer;
    }

    private static SslContext encryption() throws IOException {
        return SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                .endpointIdentificationAlgorithm("HTTPS")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2))
                .build();
    }

    private void send(Channel stream) {
        var headers = new DefaultHttp2Headers()
                .method("POST")
                .scheme(tls ? "https" : "http")
                .authority(endpoint.authority())
                .path(PATH);
        headers.add("content-type", "application/grpc");
        headers.add("te", "trailers");
        stream.write(new DefaultHttp2HeadersFrame(headers));
        stream.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(request()), true));
    }

    /** Collects the answer of a stream; as the last handler of a connection, it only notes that it ended. */
    private static final class Answered extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Answer> answer;
        private final Http2Headers headers = new DefaultHttp2Headers(false);
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();

        Answered(CompletableFuture<Answer> answer) {
            this.answer = answer;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) throws IOException {
            try {
                boolean last = false;
                if (frame instanceof Http2HeadersFrame received) {
                    headers.add(received.headers());
                    last = received.isEndStream();
                } else if (frame instanceof Http2DataFrame data) {
                    int taken = Math.min(data.content().readableBytes(), ANSWER_BYTES_MAX - message.size());
                    data.content().readBytes(message, taken);
                    last = data.isEndStream();
                }
                if (last) {
                    answer.complete(new Answer(headers, message.toByteArray()));
                }
            } finally {
                ReferenceCountUtil.release(frame);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new IOException("the connection ended"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
            context.close();
        }
    }

    private byte[] request() {
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(PREFIX_BYTES + 2 + name.length)
                .put((byte) 0)
                .putInt(2 + name.length)
                .put((byte) 0x0A) // field 1, length-delimited
                .put((byte) name.length)
                .put(name)
                .array();
    }

    private ServiceHealth health(Answer answer) {
        @Nullable CharSequence status = answer.headers().status();
        if (status == null || !status.toString().equals("200")) {
            return health(Status.CRITICAL, endpoint.authority() + " answers " + status + ", not gRPC");
        }
        String code = answer.header("grpc-status").orElse("missing");
        if (!code.equals("0") || answer.message().length < PREFIX_BYTES) {
            String why = answer.header("grpc-message")
                    .map(message -> ": " + MessageReader.echo(message))
                    .orElse("");
            return health(
                    Status.CRITICAL,
                    endpoint.authority() + " answers with gRPC status " + MessageReader.echo(code) + why);
        }
        int serving = status(answer.message());
        String what = service.isEmpty() ? endpoint.authority() : service + " at " + endpoint.authority();
        return serving == SERVING
                ? health(Status.PASSING, what + " is serving")
                : health(Status.CRITICAL, what + " is not serving (" + serving + ")");
    }

    /** Decodes the only field of the response; 0, which is UNKNOWN, if it is missing. */
    private static int status(byte[] answer) {
        boolean field = answer.length >= PREFIX_BYTES + 2 && answer[0] == 0 && answer[PREFIX_BYTES] == 0x08;
        return field ? answer[PREFIX_BYTES + 1] : 0;
    }

    private ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, time.instant(), Map.of());
    }
}
