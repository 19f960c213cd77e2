/**
 * A small valid platform and configuration, for tests that need one edit away from a good file.
 */

/** Platform with two cores, one of them without EL2, and three devices. */
export const EXAMPLE_PLATFORM = `name: duo
cores:
  - { id: 0, type: cortex-a55, mpidr: 0x0 }
  - { id: 1, type: cortex-a55, mpidr: 0x100 }
  - id: 4
    type: cortex-m7
    el2: false
    aliases: [{ local: 0x0, base: 0x203C0000, size: 256KiB }]
memory: [{ name: dram, base: 0x40000000, size: 2GiB }]
interrupts:
  controller: gic-v3
  distributor: { base: 0x08000000, size: 64KiB }
  redistributors: { base: 0x080A0000, size: 15744KiB, source: virt.c }
  spi: { first: 32, count: 256 }
iommu: { kind: smmu-v3, base: 0x09050000, size: 128KiB, stream-id-bits: 16 }
timer: { frequency: 62.5MHz }
devices:
  - { name: uart0, mmio: [{ base: 0x09000000, size: 4KiB }], irqs: [33] }
  - name: nic
    mmio: [{ base: 0x10010000, size: 128KiB }, { base: 0x10000000, size: 4KiB }]
    streams: [0x10]
  - { name: gpio, irqs: [39] }
`;

/** Configuration of two partitions that share core 1, with one channel. */
export const EXAMPLE_CONFIGURATION = `version: 1
platform: ./duo.yaml
hypervisor:
  memory:
    - { name: image, base: 0x40000000, size: 2MiB }
  overheads: { context-switch: 5us, timer: 2us, interrupt: 2us, longest-section: 20us }
partitions:
  - name: linux
    vmid: 1
    cpus:
      - { core: 0 }
      - { core: 1, budget: 4ms, period: 10ms, priority: 1 }
    memory:
      - { name: ram, ipa: 0x40000000, pa: 0x48000000, size: 512MiB, access: rwx }
    devices: [uart0, { name: nic, ipa: 0x20010000 }]
    entry: 0x40080000
  - name: rtos
    vmid: 2
    cpus:
      - { core: 1, budget: 1.5ms, period: 5ms, phase: 1ms, priority: 2, idle: burn, max-delay: 8ms }
    memory:
      - { name: ram, ipa: 0x40000000, pa: 0x70000000, size: 16MiB, access: rwx }
    devices: [gpio]
    entry: 0x40000000
    tasks:
      - { name: control, core: 1, wcet: 300us, period: 10ms, deadline: 10ms, priority: 3 }
channels:
  - name: telemetry
    pa: 0x71000000
    size: 64KiB
    ends:
      - { partition: rtos, ipa: 0x50000000, access: rw }
      - { partition: linux, ipa: 0x50000000, access: r }
    notify: [{ from: rtos, to: linux, irq: 200 }]
schedule: [{ core: 1, policy: fp }]
`;

/**
 * Configuration of the same two partitions under a table, with everything else that is said of
 * time: rates of lines, latencies, tasks under earliest deadline first, regulated bandwidth.
 */
export const EXAMPLE_TABLE_CONFIGURATION = `version: 1
platform: ./duo.yaml
hypervisor:
  memory:
    - { name: image, base: 0x40000000, size: 2MiB }
  overheads:
    context-switch: 5us
    reload: 20us
    timer: 2us
    interrupt: 2us
    longest-section: 20us
partitions:
  - name: linux
    vmid: 1
    cpus:
      - { core: 0, max-latency: 100us }
      - { core: 1, slack: true }
    memory:
      - { name: ram, ipa: 0x40000000, pa: 0x48000000, size: 512MiB, access: rwx }
    devices: [uart0]
    entry: 0x40080000
    interrupt-rates: [{ irq: 33, distance: 1ms, jitter: 10us }]
  - name: rtos
    vmid: 2
    cpus:
      - { core: 1, max-delay: 8ms, max-latency: 9ms, in-contract: true, tasks-policy: edf }
    memory:
      - { name: ram, ipa: 0x40000000, pa: 0x70000000, size: 16MiB, access: rwx }
    devices: [gpio]
    entry: 0x40000000
    tasks:
      - { name: beat, core: 1, wcet: 300us, period: 9ms, deadline: 9ms, jitter: 80us, accesses: 9 }
      - { name: io, core: 1, wcet: 1ms, period: 40ms, deadline: 9ms, blocking: 16us, accesses: 500 }
schedule:
  - core: 1
    policy: table
    frame: 10ms
    slots:
      - { partition: rtos, start: 0us, duration: 1ms }
      - { partition: linux, start: 1ms, duration: 4ms }
      - { partition: rtos, start: 6ms, duration: 2ms }
bandwidth:
  - { core: 0, accesses: 1000, period: 1ms, access-min: 50ns, access-max: 200ns }
  - { core: 1, accesses: 2000, period: 1ms, access-min: 50ns, access-max: 200ns }
`;
