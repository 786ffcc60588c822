package dev.treaty.benchmarks.balance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SubjectTest {
    /** The libraries of all peers are on one class path, where one may keep another from working. */
    @Test
    void every_subject_reaches_the_instances() throws Exception {
        try (var instances = new InstancesProcess()) {
            for (Subject.Named named : Subject.ALL) {
                try (Subject subject = named.maker().make(instances.httpPorts(), instances.grpcPorts())) {
                    assertThat(subject.call()).as(named.name()).isTrue();
                }
            }
        }
    }
}
