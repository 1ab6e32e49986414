// Command wrapper runs a command while it leads, as it is usually written with client-go's leaderelection package.
package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path to the kubeconfig file")
	name := flag.String("lock-name", "", "name of the Lease")
	namespace := flag.String("lock-namespace", "default", "namespace of the Lease")
	id := flag.String("id", "", "holder identity")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	var running sync.WaitGroup
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: *name, Namespace: *namespace},
			Client:     kubernetes.NewForConfigOrDie(config).CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: *id},
		},
		ReleaseOnCancel: true,
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   10 * time.Second,
		RetryPeriod:     2 * time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				running.Add(1)
				defer running.Done()
				command := exec.CommandContext(ctx, flag.Arg(0), flag.Args()[1:]...)
				command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
				command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
				if err := command.Run(); err != nil {
					klog.Error(err)
				}
				stop()
			},
			OnStoppedLeading: func() { klog.Infof("%s no longer leads", *id) },
		},
	})
	running.Wait()
}
