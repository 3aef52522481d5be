"""Runs the program in a folder as Pulumi's language host for Python does: run_program.py FOLDER ENGINE PROJECT STACK."""

import asyncio
import os
import runpy
import sys

import pulumi.runtime

folder, engine, project, stack = sys.argv[1:]
os.chdir(folder)
sys.path.insert(0, folder)
settings = pulumi.runtime.Settings(project=project, stack=stack, monitor=engine, engine=engine, parallel=1, dry_run=False)
pulumi.runtime.configure(settings)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: runpy.run_path(folder, run_name="__main__") and None))
