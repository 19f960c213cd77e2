/**
 * Step: the transition function of the whole machine.
 *
 * Total: every action in every state has an outcome, whatever its numbers are. A refusal changes
 * nothing at all.
 */

import type { Action } from './actions.ts';
import { processBoot } from './boot.ts';
import { processAccess, processBus, processTlb } from './bus.ts';
import { processCall, processCpuOn, processNotify, processRegister } from './calls.ts';
import { processLine, processTake } from './gic.ts';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { dispatchWhenDue } from './scheduler.ts';
import { processArmTimer, processSection, processTime } from './time.ts';
import {
  processBareDma,
  processDmaComplete,
  processDmaIssue,
  processIotlb,
  processMsi,
} from './smmu.ts';
import {
  processAcknowledge,
  processDistributor,
  processEnd,
  processFill,
  processSgi,
  processSpill,
} from './virtual-gic.ts';

/**
 * Applies an action to the machine, in place: it takes effect, and then every core on which that
 * changes who may run chooses anew.
 */
export function step(plan: Plan, machine: Machine, action: Action): Outcome {
  const outcome = act(plan, machine, action);
  for (let core = 0; core < plan.cores.length; core += 1) dispatchWhenDue(plan, machine, core);
  return outcome;
}

/** The first part of a step: the action takes effect. Cores that must choose anew are marked. */
export function act(plan: Plan, machine: Machine, action: Action): Outcome {
  switch (action.kind) {
    case 'boot':
      return processBoot(plan, machine, action);
    case 'read':
    case 'write':
    case 'fetch':
      return processAccess(plan, machine, action);
    case 'bus-read':
    case 'bus-write':
      return processBus(plan, machine, action);
    case 'register-read':
    case 'register-write':
      return processRegister(plan, machine, action);
    case 'cpu-on':
      return processCpuOn(plan, machine, action);
    case 'cpu-off':
    case 'system-reset':
    case 'wait':
    case 'smc':
    case 'unknown-call':
      return processCall(plan, machine, action);
    case 'notify':
      return processNotify(plan, machine, action);
    case 'section':
      return processSection(plan, machine, action);
    case 'distributor':
      return processDistributor(plan, machine, action);
    case 'send-sgi':
      return processSgi(plan, machine, action);
    case 'arm-timer':
      return processArmTimer(plan, machine, action);
    case 'dma-issue':
      return processDmaIssue(plan, machine, action);
    case 'bare-dma-issue':
      return processBareDma(plan, machine, action);
    case 'dma-complete':
      return processDmaComplete(machine, action);
    case 'line-assert':
    case 'line-deassert':
      return processLine(plan, machine, action);
    case 'msi':
      return processMsi(plan, machine, action);
    case 'interrupt-take':
      return processTake(plan, machine, action);
    case 'interrupt-acknowledge':
      return processAcknowledge(plan, machine, action);
    case 'interrupt-end':
      return processEnd(plan, machine, action);
    case 'list-register-spill':
      return processSpill(plan, machine, action);
    case 'list-register-fill':
      return processFill(plan, machine, action);
    case 'time-passes':
      return processTime(plan, machine, action);
    case 'tlb-fill':
    case 'tlb-evict':
      return processTlb(plan, machine, action);
    case 'iotlb-fill':
    case 'iotlb-evict':
      return processIotlb(plan, machine, action);
  }
}
