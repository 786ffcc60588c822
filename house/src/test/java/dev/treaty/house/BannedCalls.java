package dev.treaty.house;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds calls in compiled code that take time, random numbers or scheduling from anywhere but the constructor. A
 * simulation cannot control or repeat such code.
 *
 * <p>It reads bytecode, so that imports and method references hide nothing. It detects neither what libraries call nor
 * calls by reflection.
 */
final class BannedCalls {

    private static final String TIME = "time comes from the injected Time";
    private static final String WAIT = "wait with Time.park, in a loop that checks the condition";
    private static final String RANDOM = "random numbers come from the injected RandomGenerator";
    private static final String TIMER = "start a virtual thread that waits with Time.park";
    private static final String THREAD =
            "create it with BackgroundThread, which inherits nothing and survives failures";
    private static final String ORDER = "use a loop or own threads; the order of the common pool is not deterministic";

    private static final String JUC = "java.util.concurrent.";
    private static final Set<String> OWN_RANDOM =
            Set.of("java.util.Random", "java.util.SplittableRandom", "java.security.SecureRandom");

    private static final List<Ban> BANS = List.of(
            new Ban(TIME, call -> call.is("java.lang.System", "nanoTime", "currentTimeMillis")),
            new Ban(
                    TIME,
                    call -> call.owner().startsWith("java.time.") && call.name().equals("now")),
            new Ban(
                    TIME,
                    call -> call.owner().equals("java.time.Clock")
                            && (call.name().startsWith("system") || call.name().startsWith("tick"))),
            new Ban(TIME, call -> call.is("java.time.InstantSource", "system")),
            new Ban(TIME, call -> call.isNew("java.util.Date")),
            new Ban(WAIT, call -> call.is("java.lang.Thread", "sleep")),
            new Ban(WAIT, call -> call.is("java.lang.Thread", "join") && call.takesAnything()),
            new Ban(WAIT, call -> call.is(JUC + "locks.LockSupport", "parkNanos", "parkUntil")),
            new Ban(WAIT, call -> call.is(JUC + "TimeUnit", "sleep", "timedWait", "timedJoin")),
            new Ban(WAIT, call -> call.name().equals("wait") && call.isOneOf("()V", "(J)V", "(JI)V")),
            new Ban(WAIT, call -> call.isConcurrent() && call.ends("J", "Ljava/util/concurrent/TimeUnit;")),
            new Ban(WAIT, call -> call.isConcurrent() && call.ends("Ljava/time/Duration;")),
            new Ban(WAIT, call -> call.isConcurrent() && call.isNamed("awaitNanos", "awaitUntil")),
            new Ban(TIMER, call -> call.isNamed("orTimeout", "completeOnTimeout", "delayedExecutor")),
            new Ban(TIMER, call -> call.owner().startsWith("java.util.Timer")),
            new Ban(TIMER, call -> call.owner().startsWith(JUC + "Scheduled")),
            new Ban(
                    TIMER,
                    call -> call.owner().equals(JUC + "Executors")
                            && call.name().contains("Scheduled")),
            new Ban(RANDOM, call -> call.owner().equals(JUC + "ThreadLocalRandom")),
            new Ban(
                    RANDOM,
                    call -> call.isNamed("random") && call.ownerIsOneOf("java.lang.Math", "java.lang.StrictMath")),
            new Ban(RANDOM, call -> call.is("java.util.UUID", "randomUUID")),
            new Ban(RANDOM, call -> call.isNew(call.owner()) && OWN_RANDOM.contains(call.owner())),
            new Ban(
                    RANDOM,
                    call -> call.owner().equals("java.security.SecureRandom")
                            && call.name().startsWith("getInstance")),
            new Ban(RANDOM, call -> call.is("java.util.random.RandomGenerator", "getDefault", "of")),
            new Ban(ORDER, call -> call.isNamed("parallelStream")),
            new Ban(ORDER, call -> call.owner().startsWith("java.util.stream.") && call.isNamed("parallel")),
            new Ban(
                    ORDER,
                    call -> call.owner().equals("java.util.Arrays")
                            && call.name().startsWith("parallel")));

    private static final List<Ban> THREADS = List.of(
            new Ban(THREAD, call -> call.is("java.lang.Thread", "ofVirtual", "ofPlatform", "startVirtualThread")),
            new Ban(THREAD, call -> call.is("java.lang.Thread", "<init>")),
            new Ban(
                    THREAD,
                    call -> call.owner().equals(JUC + "Executors")
                            && call.name().startsWith("new")
                            && !call.name().equals("newThreadPerTaskExecutor")), // its factory is checked
            new Ban(
                    THREAD,
                    call -> call.owner().equals(JUC + "CompletableFuture")
                            && call.name().endsWith("Async")));

    private BannedCalls() {}

    /** Returns each banned call of a compiled class, with its place and the alternative. */
    static List<String> in(byte[] compiled) {
        return find(compiled, BANS);
    }

    /** Returns each place of a compiled class that starts a thread other than with {@code BackgroundThread}. */
    static List<String> threads(byte[] compiled) {
        return find(compiled, THREADS);
    }

    private static List<String> find(byte[] compiled, List<Ban> bans) {
        ClassModel type = ClassFile.of().parse(compiled);
        List<String> findings = new ArrayList<>();
        for (MethodModel method : type.methods()) {
            String place = type.thisClass().asInternalName().replace('/', '.') + "."
                    + method.methodName().stringValue().replaceFirst("^lambda\\$(.+)\\$\\d+$", "$1");
            method.code().ifPresent(code -> search(code, place, bans, findings));
        }
        return findings;
    }

    private static void search(CodeModel code, String place, List<Ban> bans, List<String> findings) {
        int line = 0;
        for (CodeElement element : code) {
            switch (element) {
                case LineNumber number -> line = number.line();
                case InvokeInstruction invoked -> {
                    Call call =
                            new Call(invoked.owner().asSymbol(), invoked.name().stringValue(), invoked.typeSymbol());
                    report(call, place, line, bans, findings);
                }
                case InvokeDynamicInstruction dynamic -> {
                    // the method of a method reference is a bootstrap argument
                    for (ConstantDesc argument : dynamic.bootstrapArgs()) {
                        if (argument instanceof DirectMethodHandleDesc handle
                                && handle.lookupDescriptor().startsWith("(")) { // not a field of a record
                            MethodTypeDesc described = MethodTypeDesc.ofDescriptor(handle.lookupDescriptor());
                            report(
                                    new Call(handle.owner(), handle.methodName(), described),
                                    place,
                                    line,
                                    bans,
                                    findings);
                        }
                    }
                }
                default -> {}
            }
        }
    }

    private static void report(Call call, String place, int line, List<Ban> bans, List<String> findings) {
        Optional<Ban> ban = bans.stream().filter(each -> each.on().test(call)).findFirst();
        ban.ifPresent(found -> findings.add(
                "%s:%d calls %s.%s; instead: %s".formatted(place, line, call.owner(), call.name(), found.instead())));
    }

    private record Ban(String instead, Predicate<Call> on) {}

    private record Call(ClassDesc type, String name, MethodTypeDesc described) {

        String owner() {
            String descriptor = type.descriptorString();
            boolean isClass = descriptor.startsWith("L");
            return isClass ? descriptor.substring(1, descriptor.length() - 1).replace('/', '.') : descriptor;
        }

        boolean is(String owner, String... names) {
            return owner().equals(owner) && isNamed(names);
        }

        boolean isNamed(String... names) {
            return Set.of(names).contains(name);
        }

        boolean isConcurrent() {
            return owner().startsWith(JUC) && !owner().equals(JUC + "TimeUnit");
        }

        boolean isNew(String owner) {
            return is(owner, "<init>") && !takesAnything();
        }

        boolean ownerIsOneOf(String... owners) {
            return Set.of(owners).contains(owner());
        }

        boolean takesAnything() {
            return described.parameterCount() > 0;
        }

        boolean isOneOf(String... descriptors) {
            return Set.of(descriptors).contains(described.descriptorString());
        }

        /** Returns whether these are the last parameters, as those of a timeout. */
        boolean ends(String... parameters) {
            List<String> all = described.parameterList().stream()
                    .map(ClassDesc::descriptorString)
                    .toList();
            int start = all.size() - parameters.length;
            return start >= 0 && all.subList(start, all.size()).equals(List.of(parameters));
        }
    }
}
