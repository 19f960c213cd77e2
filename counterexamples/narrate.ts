/**
 * Narration: an action in words, with the partition in whose name it happens.
 */

import type { Action } from '../model/actions.ts';
import type { Machine } from '../model/machine.ts';
import type { Plan } from '../model/plan.ts';
import { REGISTERS } from '../model/registers.ts';
import { getDomain } from '../model/view.ts';
import { formatAddress } from '../properties/findings.ts';

/** Who acts: "rtos on core 2", or the hardware's part in it. */
function describeActor(plan: Plan, machine: Machine, core: number): string {
  const partition = getDomain(plan, machine, core);
  const name = plan.configuration.partitions[partition]?.name;
  return name === undefined ? `core ${core}, with nobody on it,` : `${name} on core ${core}`;
}

function describeStream(plan: Plan, stream: number): string {
  const owner = plan.streams.find((one) => one.stream === stream)?.partition ?? -1;
  const name = plan.configuration.partitions[owner]?.name ?? 'nobody';
  return `stream ${formatAddress(stream)} of ${name}`;
}

function describeRequest(request: { readonly write: boolean; readonly address: number }): string {
  return `issues a ${request.write ? 'write' : 'read'} of ${formatAddress(request.address)}`;
}

function formatWord({ value }: { readonly value: number }): string {
  return formatAddress(value);
}

function nameRegister(register: number): string {
  return REGISTERS[register]?.name ?? 'a register that is not there';
}

/** One sentence without a full stop: what the action does in the state before it. */
export function describeAction(plan: Plan, machine: Machine, action: Action): string {
  const actor = 'core' in action ? describeActor(plan, machine, action.core) : '';
  switch (action.kind) {
    case 'boot':
      return `boot step of core ${action.core}${action.fails ? ' fails' : ''}`;
    case 'read':
      return `${actor} reads IPA ${formatAddress(action.address)}`;
    case 'fetch':
      return `${actor} fetches from IPA ${formatAddress(action.address)}`;
    case 'write':
      return `${actor} writes ${formatWord(action)} to IPA ${formatAddress(action.address)}`;
    case 'bus-read':
      return `${actor} reads address ${formatAddress(action.address)}`;
    case 'bus-write':
      return `${actor} writes ${formatWord(action)} to address ${formatAddress(action.address)}`;
    case 'register-read':
      return `${actor} reads ${nameRegister(action.register)}`;
    case 'register-write':
      return `${actor} writes ${formatAddress(action.value)} to ${nameRegister(action.register)}`;
    case 'cpu-on':
      return `${actor} starts its virtual CPU ${action.vcpu}`;
    case 'cpu-off':
      return `${actor} turns itself off`;
    case 'system-reset':
      return `${actor} resets its partition`;
    case 'wait':
      return `${actor} waits for an interrupt`;
    case 'smc':
      return `${actor} makes an SMC`;
    case 'unknown-call':
      return `${actor} makes an unknown hypercall`;
    case 'notify':
      return `${actor} rings its doorbell ${action.doorbell}`;
    case 'section':
      return `EL2 works ${action.ticks} ticks for ${actor}`;
    case 'distributor':
      return (
        `${actor} asks the distributor: ${action.operation} INTID ${action.intId}` +
        (action.operation === 'route' ? ` to virtual CPU ${action.vcpu}` : '')
      );
    case 'send-sgi':
      return `${actor} sends SGI ${action.intId} to its virtual CPU ${action.vcpu}`;
    case 'arm-timer':
      return `${actor} arms its timer for ${action.ticks} ticks`;
    case 'dma-issue':
      return `${describeStream(plan, action.stream)} ${describeRequest(action)}`;
    case 'bare-dma-issue':
      return `bus master ${action.master} ${describeRequest(action)}`;
    case 'dma-complete':
      return `the request in slot ${action.slot} reaches memory`;
    case 'line-assert':
      return `a device asserts INTID ${action.intId}`;
    case 'line-deassert':
      return `a device releases INTID ${action.intId}`;
    case 'msi':
      return `${describeStream(plan, action.stream)} rings the ITS with event ${action.event}`;
    case 'interrupt-take':
      return `EL2 takes INTID ${action.intId} on core ${action.core}`;
    case 'interrupt-acknowledge':
      return `${actor} acknowledges an interrupt`;
    case 'interrupt-end':
      return `${actor} ends INTID ${action.intId}`;
    case 'list-register-spill':
      return `EL2 spills list register ${action.slot} of core ${action.core}`;
    case 'list-register-fill':
      return `EL2 puts INTID ${action.intId} into a list register of core ${action.core}`;
    case 'time-passes':
      return `time passes on core ${action.core}: ${action.ticks} ticks, or up to the next event`;
    case 'tlb-fill':
      return (
        `the TLB of core ${action.core} caches IPA ${formatAddress(action.address)} ` +
        `in slot ${action.slot}`
      );
    case 'tlb-evict':
      return `the TLB of core ${action.core} drops slot ${action.slot}`;
    case 'iotlb-fill':
      return (
        `the IOTLB caches ${formatAddress(action.address)} of ` +
        `${describeStream(plan, action.stream)} in slot ${action.slot}`
      );
    case 'iotlb-evict':
      return `the IOTLB drops slot ${action.slot}`;
  }
}
