package dev.treaty.benchmarks.balance;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The ten instances of a service, one of which may be sick: HTTP servers that speak just enough for an answer of the
 * Connect protocol, and the same as gRPC servers. It is told over its input what to be sick of, and tells how many
 * calls it had.
 */
final class Instances {
    static final int COUNT = 10;
    static final String PATH = "/bench.Tail/ask";

    private static final String HEALTHY = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    private static final String SICK = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n";

    /** One instance, by either protocol. */
    private static final class Instance {
        private final AtomicLong calls = new AtomicLong();
        private volatile Sickness sickness = Sickness.HEALTHY;

        boolean serve() throws InterruptedException {
            return sickness.serve(calls.incrementAndGet());
        }
    }

    private final List<Instance> instances = new ArrayList<>();

    private Instances() {
        for (int i = 0; i < COUNT; i++) {
            instances.add(new Instance());
        }
    }

    /** Serves until its input ends. */
    public static void main(String[] arguments) throws IOException {
        new Instances().run();
    }

    private void run() throws IOException {
        var ports = new StringBuilder();
        for (Instance instance : instances) {
            ports.append(http(instance)).append(' ');
        }
        for (Instance instance : instances) {
            ports.append(grpc(instance)).append(' ');
        }
        System.out.println(ports.toString().strip());
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            for (int i = 0; i < COUNT; i++) {
                boolean sick = i == Integer.parseInt(words[1]);
                instances.get(i).sickness =
                        sick ? Sickness.valueOf(words[0].toUpperCase(Locale.ROOT)) : Sickness.HEALTHY;
            }
            var counts = new StringBuilder();
            for (Instance instance : instances) {
                counts.append(instance.calls.getAndSet(0)).append(' ');
            }
            System.out.println(counts.toString().strip());
        }
        System.exit(0);
    }

    private static int http(Instance instance) throws IOException {
        var listening = new ServerSocket();
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_024);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    Socket socket = listening.accept();
                    socket.setTcpNoDelay(true);
                    Thread.startVirtualThread(() -> converse(socket, instance));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return listening.getLocalPort();
    }

    private static void converse(Socket socket, Instance instance) {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream());
                OutputStream out = socket.getOutputStream()) {
            while (skipRequest(in)) {
                boolean well = instance.serve();
                String body = well ? "{\"result\":\"ok\"}" : "{\"code\":\"unavailable\",\"message\":\"sick\"}";
                String answer = (well ? HEALTHY : SICK) + "Content-Length: " + body.length() + "\r\n\r\n" + body;
                out.write(answer.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (IOException e) {
            // the caller has gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads one request; false where none comes any more. */
    private static boolean skipRequest(InputStream in) throws IOException {
        int length = 0;
        String line = line(in);
        if (line.isEmpty()) {
            return false;
        }
        while (!line.isEmpty()) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(
                        line.substring("content-length:".length()).strip());
            }
            line = line(in);
        }
        in.skipNBytes(length);
        return true;
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** A message of bytes, whatever they mean. */
    static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try (stream) {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    static final MethodDescriptor<byte[], byte[]> ASK = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(PATH.substring(1))
            .setRequestMarshaller(BYTES)
            .setResponseMarshaller(BYTES)
            .build();

    private static int grpc(Instance instance) throws IOException {
        var service = ServerServiceDefinition.builder("bench.Tail")
                .addMethod(ASK, ServerCalls.asyncUnaryCall((request, observer) -> {
                    try {
                        if (instance.serve()) {
                            observer.onNext(request);
                            observer.onCompleted();
                        } else {
                            observer.onError(
                                    Status.UNAVAILABLE.withDescription("sick").asRuntimeException());
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        observer.onError(Status.CANCELLED.asRuntimeException());
                    }
                }))
                .build();
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .addService(service)
                .build()
                .start()
                .getPort();
    }
}
