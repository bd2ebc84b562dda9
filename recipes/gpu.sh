#!/usr/bin/env bash
# The paper's networks at 256 pixels, both stages, on one GPU, in parts: each call goes on from the
# last one, trains for so many seconds, and writes OUT/style.onnx (half precision, <= 16 MB).
#
#   tar cf shard.tar faces cartoons     # two sets, made with the same --size and --frame (below)
#   recipes/gpu.sh shard.tar OUT 560    # and again, until it says "Finished"
#
# What a part keeps for the next lies in WORK (default OUT/work): regressors, then the run itself.
# The two sets, on white, from photos that anybody may use and from drawn faces:
#   toonmark data folder PHOTOS faces --frame portrait --points mesh --size 256 --matte --grey \
#       --yaw 30 --enlargement 2.2
#   toonmark render-cartoons cartoons --count 2400 --frame portrait --size 256
#
# PAIRS: pictures of each domain that both stages together see (the paper's schedule: 200,000), from
# which the learning rate for the batch follows (docs/how-to/gpu.md). Adjust BATCH, SIZE, WORKERS (of
# each training: the two regressors learn side by side).
# LANDMARKS: pictures that each regressor sees. After 16,000 the one of real faces was off by 18.9 %
# of the eye distance (drawn ones: 1.4 %) and its loss still fell fast. At 256 pixels on an H100 two
# side by side took some 12 steps of 16 a second each, so that 64,000 are six minutes.
set -euo pipefail
shard=$(realpath "$1") seconds=$3
mkdir -p "$2" && out=$(realpath "$2")
work=${WORK:-$out/work} size=${SIZE:-256} batch=${BATCH:-16} pairs=${PAIRS:-200000}
landmarks=${LANDMARKS:-64000} device="--accelerator ${ACCELERATOR:-cuda} --precision bf16-mixed"
end=$(($(date +%s) + seconds)) workers=${WORKERS:+--workers $WORKERS} compiled=${COMPILE:+--compile}
export OMP_NUM_THREADS=1
mkdir -p "$work" && cd "$work"
[ -d faces ] || tar xf "$shard"
left() { local some=$((end - $1 - $(date +%s))) && echo $((some > 1 ? some : 1)); }
# Runs a command until so many seconds before the end; asked to stop, it keeps a checkpoint.
until_end() { timeout -s TERM --preserve-status "$(left "$1")" "${@:2}" || [ $? = 143 ]; }

both=() failed=0
trap 'kill "${both[@]}" 2>/dev/null || true' EXIT # stopped, neither goes on alone
for domain in faces cartoons; do
    [ -f "landmarks-$domain/regressor.safetensors" ] && continue
    timeout -s TERM --preserve-status "$(left 0)" toonmark train-landmarks $domain \
        --run landmarks-$domain --set preset=paper --set size="$size" --set batch="$batch" \
        --set iterations=$((landmarks / batch)) --set learning_rate=0.001 $device $workers &
    both+=($!)
done
for one in "${both[@]}"; do wait "$one" || [ $? = 143 ] || failed=1; done
trap - EXIT
[ $failed = 0 ] || exit 1
for domain in faces cartoons; do
    [ -f "landmarks-$domain/regressor.safetensors" ] || exit 0 # stopped; it goes on
done
# Fifteen seconds are left for the last checkpoint and the style.
until_end 15 toonmark train run --faces faces --cartoons cartoons \
    --face-regressor landmarks-faces --cartoon-regressor landmarks-cartoons \
    --set preset=paper --set size="$size" --set batch="$batch" --set pictures="$pairs" \
    --set background_share="${BACKGROUNDS:-0}" \
    --set checkpoint_every="${KEEP:-1000}" --set sample_every="${KEEP:-1000}" \
    $device $workers $compiled
[ -f run/checkpoint.safetensors ] || exit 0 # stopped before the first iteration
toonmark export run "$out/style.onnx" --half --title "Paper's networks" ${EXPORT:-}
