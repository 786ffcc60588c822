package dev.treaty.security.tls;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/** Two engines that talk to each other in memory. */
final class Handshake {
    private static final int BUFFER = 1 << 16;

    private final SSLEngine client;
    private final SSLEngine server;
    private final ByteBuffer toServer = ByteBuffer.allocate(BUFFER);
    private final ByteBuffer toClient = ByteBuffer.allocate(BUFFER);
    private final ByteBuffer read = ByteBuffer.allocate(BUFFER);

    private Handshake(SSLEngine client, SSLEngine server) {
        this.client = client;
        this.server = server;
    }

    /**
     * Completes a handshake, and sends a text in both directions, so that session tickets and late refusals arrive.
     *
     * @throws SSLException if either side refuses
     */
    static Handshake complete(SSLEngine client, SSLEngine server) throws SSLException {
        var handshake = new Handshake(client, server);
        client.beginHandshake();
        server.beginHandshake();
        handshake.run();
        handshake.exchange("request");
        return handshake;
    }

    static Handshake complete(FileTransportSecurity client, FileTransportSecurity server) throws SSLException {
        return complete(client.clientEngine("localhost", 7443), server.serverEngine());
    }

    /** Returns the session in which the server sees the client. */
    SSLSession ofServer() {
        return server.getSession();
    }

    /** Returns the session in which the client sees the server. */
    SSLSession ofClient() {
        return client.getSession();
    }

    /** Lets the client begin another handshake on the same connection. */
    void renegotiate() throws SSLException {
        client.beginHandshake();
        run();
    }

    private void run() throws SSLException {
        boolean moved = true;
        while (moved) {
            boolean byClient = step(client, toServer, toClient);
            boolean byServer = step(server, toClient, toServer);
            moved = byClient || byServer;
        }
        if (client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
                || server.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            throw new SSLException(
                    "the handshake is stuck: " + client.getHandshakeStatus() + ", " + server.getHandshakeStatus());
        }
    }

    private boolean step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
            return true;
        }
        if (status == HandshakeStatus.NEED_WRAP) {
            return engine.wrap(ByteBuffer.allocate(0), out).bytesProduced() > 0;
        }
        return in.position() > 0 && receive(engine, in);
    }

    private boolean receive(SSLEngine engine, ByteBuffer in) throws SSLException {
        in.flip();
        SSLEngineResult result = engine.unwrap(in, read);
        in.compact();
        return result.bytesConsumed() > 0 || result.bytesProduced() > 0;
    }

    private void exchange(String text) throws SSLException {
        for (boolean fromServer : new boolean[] {false, true}) {
            SSLEngine sender = fromServer ? server : client;
            read.clear();
            sender.wrap(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), fromServer ? toClient : toServer);
            run();
            String received = new String(read.array(), 0, read.position(), StandardCharsets.UTF_8);
            if (!received.equals(text)) {
                throw new SSLException("received \"" + received + "\"");
            }
        }
    }
}
