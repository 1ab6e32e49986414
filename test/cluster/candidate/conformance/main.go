// What Kubernetes' conformance test of Leases (test/e2e/common/node/lease.go, "lease API should be available") asks of an API
// server, step by step. It prints each step that holds, and ends with status 1 at the first that does not.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const label = "deletecollection"

var ctx = context.Background()

func main() {
	kubeconfig := flag.String("kubeconfig", "", "")
	namespace := flag.String("namespace", "", "")
	protobuf := flag.Bool("protobuf", false, "")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check("the kubeconfig can be read", err)
	if *protobuf {
		config = contentType(config, "application/vnd.kubernetes.protobuf")
	}
	client := kubernetes.NewForConfigOrDie(config).CoordinationV1()
	conform(client.Leases(*namespace))

	_, err = client.Leases(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	check("the Leases of all namespaces can be listed", err)
}

func contentType(config *rest.Config, media string) *rest.Config {
	typed := rest.CopyConfig(config)
	typed.ContentType = media
	return typed
}

func conform(leases typedv1.LeaseInterface) {
	first := spec("holder", 30, 2, 5, 0)
	created, err := leases.Create(ctx, lease("lease", nil, first), metav1.CreateOptions{})
	check("a Lease can be created", err)
	expectSpec(leases, "has the spec that it was created with", first)

	created.Spec = spec("holder2", 30, 20, 50, 1)
	_, err = leases.Update(ctx, created, metav1.UpdateOptions{})
	check("it can be updated", err)
	expectSpec(leases, "has the spec that it was updated with", created.Spec)

	third := spec("holder3", 60, 50, 70, 2)
	patch, err := json.Marshal(map[string]any{"spec": third})
	check("the patch can be written", err)
	_, err = leases.Patch(ctx, "lease", types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	check("it can be patched", err)
	expectSpec(leases, "has the spec that it was patched with", third)

	_, err = leases.Create(ctx, lease("lease2", map[string]string{label: "true"}, first), metav1.CreateOptions{})
	check("a second one, with a label, can be created", err)
	expectNames(leases, "lease", "lease2")

	selector := metav1.ListOptions{LabelSelector: label + "=true"}
	check("those with the label can be deleted", leases.DeleteCollection(ctx, metav1.DeleteOptions{}, selector))
	expectNames(leases, "lease")

	check("the other can be deleted", leases.Delete(ctx, "lease", metav1.DeleteOptions{}))
	_, err = leases.Get(ctx, "lease", metav1.GetOptions{})
	expect("it is not found then", apierrors.IsNotFound(err), err)
}

// The times are those of the conformance test: in the year 1.
func spec(holder string, duration int32, acquired, renewed time.Duration, transitions int32) coordinationv1.LeaseSpec {
	return coordinationv1.LeaseSpec{
		HolderIdentity:       &holder,
		LeaseDurationSeconds: &duration,
		AcquireTime:          &metav1.MicroTime{Time: time.Time{}.Add(acquired * time.Second)},
		RenewTime:            &metav1.MicroTime{Time: time.Time{}.Add(renewed * time.Second)},
		LeaseTransitions:     &transitions,
	}
}

func lease(name string, labels map[string]string, spec coordinationv1.LeaseSpec) *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: spec}
}

func expectSpec(leases typedv1.LeaseInterface, step string, want coordinationv1.LeaseSpec) {
	read, err := leases.Get(ctx, "lease", metav1.GetOptions{})
	check("it can be read", err)
	expect(step, equality.Semantic.DeepEqual(want, read.Spec), read.Spec)
}

func expectNames(leases typedv1.LeaseInterface, want ...string) {
	list, err := leases.List(ctx, metav1.ListOptions{})
	check("Leases can be listed", err)
	names := []string{}
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	expect(fmt.Sprint("those are ", want), equality.Semantic.DeepEqual(names, want), names)
}

func check(step string, err error) {
	expect(step, err == nil, err)
}

func expect(step string, holds bool, found any) {
	if !holds {
		fmt.Printf("not so: %s: %v\n", step, found)
		os.Exit(1)
	}
	fmt.Println(step)
}
