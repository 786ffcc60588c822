package dev.treaty.benchmarks.call;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * How fast blocking code on virtual threads could be at all: just enough HTTP/1.1 written by hand for one message there
 * and one back, on a connection per caller. Bytes are copied and compared, never read as JSON; there is no deadline, no
 * limit, and no check of what was sent. It is the upper limit of this style, and not for use.
 */
final class RawSubject implements Subject {
    private static final byte[] REQUEST = ascii("POST /bench.Echo/echo HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + "Content-Type: application/json\r\nContent-Length: ");
    private static final byte[] RESPONSE =
            ascii("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ");
    private static final byte[] OK = ascii("HTTP/1.1 200");
    private static final byte[] HEAD_END = ascii("\r\n\r\n");
    private static final byte[] CONTENT_LENGTH = ascii("\r\nContent-Length: ");

    @Override
    public String name() {
        return "raw";
    }

    @Override
    public String about() {
        return "the limit of blocking code: HTTP/1.1 written by hand on java.net.Socket and virtual threads; the order"
                + " as " + Message.JSON_BYTES + " bytes that are only copied, no deadline, no checks";
    }

    @Override
    public boolean carries(int bytes) {
        return bytes == Message.JSON_BYTES;
    }

    @Override
    public Server serve() throws IOException {
        var listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        Queue<Connection> connections = new ConcurrentLinkedQueue<>();
        Thread.ofVirtual().name("raw-accept").start(() -> accept(listener, connections));
        return new Server() {
            @Override
            public int port() {
                return listener.getLocalPort();
            }

            @Override
            public void close() throws IOException {
                listener.close();
                for (Connection connection : connections) {
                    connection.close();
                }
            }
        };
    }

    private static void accept(ServerSocket listener, Queue<Connection> connections) {
        try {
            while (true) {
                var connection = new Connection(listener.accept());
                connections.add(connection);
                Thread.ofVirtual().name("raw-connection").start(() -> answer(connection));
            }
        } catch (IOException e) {
            closed(e, listener.isClosed());
        }
    }

    private static void answer(Connection connection) {
        try (connection) {
            while (true) {
                connection.receive();
                connection.send(RESPONSE, connection.buffer, connection.bodyStart, connection.bodyLength);
            }
        } catch (IOException e) {
            closed(e, connection.ended || connection.socket.isClosed());
        }
    }

    /** A connection that ends is how these loops end; anything else is told. */
    private static void closed(IOException e, boolean expected) {
        if (!expected) {
            System.err.println("raw: " + e);
        }
    }

    @Override
    public Client connect(int port) {
        List<Connection> connections = new ArrayList<>();
        return new Client() {
            @Override
            public Caller caller() throws IOException {
                var socket = new Socket();
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                var connection = new Connection(socket);
                connections.add(connection);
                return connection::echo;
            }

            @Override
            public void close() throws IOException {
                for (Connection connection : connections) {
                    connection.close();
                }
            }
        };
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** One connection, used by one thread at a time, with what was received last. */
    private static final class Connection implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final byte[] buffer = new byte[1024];
        private final byte[] outgoing = new byte[1024];
        private int bodyStart;
        private int bodyLength;
        private boolean ended;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        boolean echo(Message message) throws IOException {
            byte[] json = message.json();
            send(REQUEST, json, 0, json.length);
            receive();
            return Arrays.equals(buffer, 0, OK.length, OK, 0, OK.length)
                    && Arrays.equals(buffer, bodyStart, bodyStart + bodyLength, json, 0, json.length);
        }

        void send(byte[] head, byte[] body, int from, int length) throws IOException {
            System.arraycopy(head, 0, outgoing, 0, head.length);
            int position = head.length;
            outgoing[position++] = (byte) ('0' + length / 100);
            outgoing[position++] = (byte) ('0' + length / 10 % 10);
            outgoing[position++] = (byte) ('0' + length % 10);
            System.arraycopy(HEAD_END, 0, outgoing, position, HEAD_END.length);
            position += HEAD_END.length;
            System.arraycopy(body, from, outgoing, position, length);
            out.write(outgoing, 0, position + length);
        }

        void receive() throws IOException {
            int received = 0;
            int headEnd = -1;
            while (headEnd < 0) {
                received = more(received);
                headEnd = find(HEAD_END, received);
            }
            bodyStart = headEnd + HEAD_END.length;
            int at = find(CONTENT_LENGTH, headEnd);
            if (at < 0) {
                throw new IOException("a message without a length");
            }
            bodyLength = 0;
            for (int i = at + CONTENT_LENGTH.length; i < headEnd && buffer[i] >= '0' && buffer[i] <= '9'; i++) {
                bodyLength = bodyLength * 10 + buffer[i] - '0';
            }
            while (received < bodyStart + bodyLength) {
                received = more(received);
            }
        }

        private int more(int received) throws IOException {
            int count = in.read(buffer, received, buffer.length - received);
            if (count <= 0) {
                ended = count < 0 && received == 0;
                throw new EOFException("the connection ended within a message, or the message is too large");
            }
            return received + count;
        }

        private int find(byte[] pattern, int end) {
            for (int i = 0; i <= end - pattern.length; i++) {
                if (buffer[i] == pattern[0]
                        && Arrays.equals(buffer, i, i + pattern.length, pattern, 0, pattern.length)) {
                    return i;
                }
            }
            return -1;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
